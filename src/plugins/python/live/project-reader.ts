/** Reads the packages of projects of one version for the pages that many clients ask for at once. */
import { BatchedReader } from '../../../lib/flow/batched-reader.ts';
import type { Queryable, Version } from '../../../plugin-api/index.ts';
import { type PackageOfVersion, packagesOfProjects, yanksOfProjects } from '../version-packages.ts';
import type { VersionFacts } from './version-facts.ts';

interface ProjectPackages {
  readonly packages: PackageOfVersion[];
  /** Reasons by `releaseKey` of the releases that were taken back. */
  readonly yanks: ReadonlyMap<string, string> | undefined;
}

export type ProjectReader = BatchedReader<ProjectPackages>;

/** Many more would make the first of them wait long; one reading alone leaves the database idle while its rows are worked on. */
const LIMITS = { most: 50, atOnce: 2 };

export function projectReader(db: Queryable, version: Version, facts: VersionFacts): ProjectReader {
  return new BatchedReader<ProjectPackages>(async (names) => {
    const packages = await packagesOfProjects(db, version, names, facts.hasProvenance);
    const yanks = facts.hasYanks ? await yanksOfProjects(db, version, names) : undefined;
    const found = Map.groupBy(packages, (one) => one.name_normalized);
    return new Map([...found].map(([name, list]) => [name, { packages: list, yanks: yanks?.get(name) }]));
  }, LIMITS);
}
