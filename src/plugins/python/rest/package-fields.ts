/** The fields of packages on the wire. */

import { type Field, json, reference, sql, string } from '../../../plugin-api/index.ts';
import { checkAttestations, InvalidProvenance } from '../formats/provenance.ts';

/** Anything a client sends is replaced by what the package itself says. */
const told = (help: string): Field => string({ help, required: false, blank: true });
const listed = (help: string): Field => json({ help, required: false });
const derived = (help: string): Field => string({ help, readOnly: true });

const core: Readonly<Record<string, Field>> = {
  author: told('Who wrote it.'),
  author_email: told('Where to reach the author.'),
  description: told('A long text about the package.'),
  home_page: told('Its page on the web.'),
  keywords: told('Words to find it by.'),
  license: told('The licence as the author put it.'),
  metadata_version: derived('Version of the format of its metadata.'),
  name: derived('Name of the project as its owner spells it.'),
  platform: told('Where it runs.'),
  summary: told('What it does, in one line.'),
  version: derived('Version of the package.'),
  classifiers: listed('A JSON list of classifiers.'),
  download_url: told('Where else to get it.'),
  supported_platform: told('Systems a binary was made for.'),
  maintainer: told('Who looks after it.'),
  maintainer_email: told('Where to reach the maintainer.'),
  obsoletes_dist: listed('A JSON list of distributions it replaces.'),
  project_url: told('A page of the project.'),
  project_urls: listed('Pages of the project, as JSON.'),
  provides_dist: listed('A JSON list of distributions it contains.'),
  requires_external: listed('A JSON list of what it needs of the system.'),
  requires_dist: listed('A JSON list of packages it needs.'),
  requires_python: told('Versions of Python it runs on.'),
  description_content_type: told('How the description is marked up.'),
  provides_extras: listed('A JSON list of optional features.'),
  dynamic: listed('A JSON list of fields that are determined when it is built.'),
  license_expression: told('The licence as an SPDX expression.'),
  license_file: listed('A JSON list of licence files.'),
  filename: derived('Name of the file.'),
  packagetype: derived('Kind of package: sdist, bdist_wheel …'),
  python_version: derived('The Python tag of the file, or `source`.'),
  size: { kind: 'integer', help: 'Bytes of the file.', readOnly: true },
  sha256: string({ help: 'SHA-256 of the file.', default: '' }),
  metadata_sha256: string({ help: 'SHA-256 of the metadata file beside it.', required: false, nullable: true }),
};

/** The first artifact is the package; a second one is its metadata. */
const artifact = reference('artifact', {
  help: 'The artifact with the bytes.',
  required: false,
  column: false,
  load: async (rows, presenter) => {
    const found = await presenter.services.db.rows<{ content_id: number; pulp_id: string | null }>(sql`
      select distinct on (ca.content_id) ca.content_id, a.pulp_id
        from content_artifact ca left join artifact a on a.id = ca.artifact_id
        where ca.content_id = any(${rows.map((row) => row.id)}::bigint[]) order by ca.content_id, ca.id`);
    const byContent = new Map(found.map((one) => [one.content_id, one.pulp_id]));
    return rows.map((row) => {
      const pulpId = byContent.get(Number(row.id));
      return pulpId ? presenter.href('core.artifact', pulpId) : null;
    });
  },
});

/** The newest provenance of a package in its domain. */
const provenance = string({
  help: 'PRN of the provenance that came with the package.',
  readOnly: true,
  column: false,
  load: async (rows, presenter) => {
    const found = await presenter.services.db.rows<{ sha256: string; pulp_id: string }>(sql`
      select p.package_sha256 as sha256, c.pulp_id from python_provenance p join content c on c.id = p.content_id
        where p.package_sha256 = any(${rows.map((row) => row.sha256)}::text[]) and c.domain_id = ${presenter.domain.id}
        order by c.id`);
    const newest = new Map(found.map((one) => [one.sha256, `prn:python.packageprovenance:${one.pulp_id}`]));
    return rows.map((row) => newest.get(String(row.sha256)) ?? null);
  },
});

export const packageFields: Readonly<Record<string, Field>> = {
  artifact,
  relative_path: string({ help: 'Name of the file.', writeOnly: true, column: false }),
  ...core,
  provenance,
};

/** What only requests have. */
export const packageUploadFields: Readonly<Record<string, Field>> = {
  attestations: json({
    help: 'A JSON list of attestations of the package.',
    writeOnly: true,
    required: false,
    column: false,
    check: attestationsProblem,
  }),
};

function attestationsProblem(value: unknown): string | undefined {
  try {
    if (value !== null && value !== '') checkAttestations(typeof value === 'string' ? JSON.parse(value) : value);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidProvenance || error instanceof SyntaxError)) throw error;
    return `Invalid attestations: ${error.message}`;
  }
}

export const MINIMAL_FIELDS = ['artifact', 'filename', 'packagetype', 'name', 'version', 'sha256'] as const;
