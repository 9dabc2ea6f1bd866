/** The records of the core in archives: artifacts, repositories, and which unit has which bytes (core.md §8.1). */
import { sql } from '../../db/sql.ts';
import { DIGEST_NAMES } from '../../lib/crypto/digest.ts';
import type { ExportField } from '../../plugin-api/declare/export-resource.ts';

export const ARTIFACTS = 'pulpcore.app.modelresource.ArtifactResource';
export const REPOSITORIES = 'pulpcore.app.modelresource.RepositoryResource';
export const CONTENT_ARTIFACTS = 'pulpcore.app.modelresource.ContentArtifactResource';
export const VERSIONS_FILE = 'versions.json';

export const repositoryFields: readonly ExportField[] = [
  { name: 'pulp_type' },
  { name: 'name' },
  { name: 'description' },
  { name: 'retain_repo_versions', kind: 'number' },
  { name: 'retain_checkpoints', kind: 'number' },
  { name: 'user_hidden', kind: 'boolean' },
];

/** Columns of an artifact with its digests in hex. */
export const artifactColumns = sql.raw(
  ['a.id', 'a.size', ...DIGEST_NAMES.map((name) => `encode(a.${name}, 'hex') as ${name}`)].join(', '),
);

export const artifactFields: readonly ExportField[] = [
  { name: 'size', kind: 'number' },
  ...DIGEST_NAMES.map((name) => ({ name })),
];

/** The folder of archives for artifacts of any domain but the default one. */
export const ANY_DOMAIN = 'DOMAIN';

/** Where an archive has an artifact, or a storage: `domain` is the folder of the domain, where it has one. */
export function artifactName(sha256: string, domain?: string): string {
  return `artifact/${domain === undefined ? '' : `${domain}/`}${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}

/** Folder of a version. */
export function versionFolder(name: string, number: number): string {
  return `repository-${name}_${number}`;
}
