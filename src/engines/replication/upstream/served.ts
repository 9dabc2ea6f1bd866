/** What an upstream distribution serves: told by servers of our kind, worked out from further lists for others. */

import type { Replicator } from '../../../plugin-api/contracts/replicate.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { Models } from '../../../plugin-api/declare/model.ts';
import type { UpstreamApi } from './upstream-api.ts';

export interface Served {
  /** Names the publication or version: neither ever changes. */
  readonly watermark: string;
  readonly publication: Values | null;
  readonly repository: Values;
  readonly counts: Readonly<Record<string, number>> | null;
  /** By href or PRN. */
  readonly version: string;
  /** Where the counts can be asked for. */
  readonly versionHref: string | null;
}

/** Path of a type's list: `distributions/file/file/`. */
export function listPath(
  models: Models,
  replicator: Replicator,
  master: 'distribution' | 'repository' | 'publication',
) {
  const type = (master === 'repository' ? replicator.repository : replicator.distribution).pulpType;
  const model = models.byType(master, type);
  if (!model) throw new Error(`there is no ${master} of type ${type}`);
  return `${model.path}/`;
}

/** From the field `served`; undefined when nothing is served. */
export function servedHere(row: Values): Served | undefined {
  const served = row.served as Values | null;
  if (!served) return undefined;
  return {
    watermark: String(served.publication ?? served.version),
    publication: served.publication_fields as Values | null,
    repository: served.repository as Values,
    counts: served.content as Record<string, number>,
    version: String(served.version),
    versionHref: null,
  };
}

/** Of servers that do not tell: three lists at most, whatever the number of distributions. */
export async function servedAtPeer(
  api: UpstreamApi,
  replicator: Replicator,
  models: Models,
  rows: readonly Values[],
): Promise<Map<Values, Served | undefined>> {
  const repositories = await readRepositories(api, replicator, models);
  const publishes = replicator.distribution.servesPublications || rows.some((row) => row.publication);
  const publications = publishes ? await readPublications(api, replicator, models) : [];
  const newest = newestByVersion(publications);
  const highest = highestByRepository(newest);
  const byHref = new Map(publications.map((one) => [String(one.pulp_href), one]));
  return new Map(
    rows.map((row) => {
      const publication = row.publication
        ? byHref.get(String(row.publication))
        : !replicator.distribution.servesPublications
          ? undefined
          : row.repository_version
            ? newest.get(String(row.repository_version))
            : highest.get(String(row.repository));
      const version = versionOf(row, publication, replicator, repositories);
      if (!version || row.checkpoint === true) return [row, undefined];
      return [row, asServed(version, publication ?? null, repositories)];
    }),
  );
}

function asServed(version: string, publication: Values | null, repositories: ReadonlyMap<string, Values>): Served {
  return {
    watermark: String(publication?.pulp_href ?? version),
    publication,
    repository: repositories.get(repositoryOf(version)) ?? {},
    counts: null,
    version,
    versionHref: version,
  };
}

function versionOf(
  row: Values,
  publication: Values | undefined,
  replicator: Replicator,
  repositories: ReadonlyMap<string, Values>,
): string | undefined {
  if (publication) return String(publication.repository_version);
  if (replicator.distribution.servesPublications || row.publication) return undefined;
  if (row.repository_version) return String(row.repository_version);
  return repositories.get(String(row.repository))?.latest_version_href as string | undefined;
}

/** `…/versions/3/` without its end. */
function repositoryOf(versionHref: string): string {
  return versionHref.slice(0, versionHref.lastIndexOf('versions/'));
}

async function readRepositories(api: UpstreamApi, replicator: Replicator, models: Models) {
  const names = [
    'pulp_href',
    'name',
    'description',
    'retain_repo_versions',
    'retain_checkpoints',
    'latest_version_href',
  ];
  const fields = [...names, ...(replicator.repositoryFields ?? [])].join(',');
  const rows = await api.list(listPath(models, replicator, 'repository'), { fields }, (row) =>
    JSON.stringify([row.pulp_href, row.latest_version_href]),
  );
  return new Map(rows.map((row) => [String(row.pulp_href), row]));
}

async function readPublications(api: UpstreamApi, replicator: Replicator, models: Models) {
  const names = ['pulp_href', 'pulp_created', 'repository_version'];
  const fields = [...names, ...(replicator.publicationFields ?? [])].join(',');
  return await api.list(listPath(models, replicator, 'publication'), { fields }, (row) => String(row.pulp_href));
}

function newestByVersion(publications: readonly Values[]): Map<string, Values> {
  const newest = new Map<string, Values>();
  for (const one of publications) {
    const known = newest.get(String(one.repository_version));
    if (!known || String(known.pulp_created) < String(one.pulp_created))
      newest.set(String(one.repository_version), one);
  }
  return newest;
}

/** The newest publication of each repository's highest published version. */
function highestByRepository(newest: ReadonlyMap<string, Values>): Map<string, Values> {
  const highest = new Map<string, { number: number; publication: Values }>();
  for (const [version, publication] of newest) {
    const number = Number(/versions\/(\d+)\/$/.exec(version)?.[1] ?? -1);
    const repository = repositoryOf(version);
    if ((highest.get(repository)?.number ?? -1) < number) highest.set(repository, { number, publication });
  }
  return new Map([...highest].map(([repository, { publication }]) => [repository, publication]));
}
