/** What this process knows of an index that it serves, beside its finished pages: validators of its version, its list of projects. */
import type { DistributionState, Queryable, Version } from '../../../plugin-api/index.ts';
import type { IndexProject } from '../formats/index/index-file.ts';
import { type ProjectReader, projectReader } from './project-reader.ts';
import type { ServedIndex } from './served-index.ts';
import { readFacts, type VersionFacts } from './version-facts.ts';

/** One state of an index. */
export class KnownIndex {
  readonly version: Version | null;
  readonly facts: VersionFacts | undefined;
  #projects: readonly IndexProject[] | undefined;
  #outdated: Set<string>;
  #reader: ProjectReader | undefined;

  /** `from` is an earlier state, in which the list of projects was another only in the names that have changed since. */
  constructor(
    version: Version | null,
    facts: VersionFacts | undefined,
    from?: { readonly index: KnownIndex; readonly changed: readonly string[] },
  ) {
    this.version = version;
    this.facts = facts;
    this.#projects = from ? from.index.#projects : undefined;
    this.#outdated = new Set(from ? from.index.#outdated : []);
    for (const name of from?.changed ?? []) this.#outdate(name);
  }

  /** Reads packages of its projects; undefined where no version is served. */
  reader(db: Queryable): ProjectReader | undefined {
    if (!this.version || !this.facts) return undefined;
    this.#reader ??= projectReader(db, this.version, this.facts);
    return this.#reader;
  }

  /** The list of projects as far as it is known: all of them, but for the names that may have changed since. */
  get projects(): { readonly list: readonly IndexProject[]; readonly outdated: ReadonlySet<string> } | undefined {
    return this.#projects && { list: this.#projects, outdated: this.#outdated };
  }

  keepProjects(list: readonly IndexProject[]): void {
    if (list.length > MOST_PROJECTS) return;
    this.#projects = list;
    this.#outdated = new Set();
  }

  #outdate(name: string): void {
    if (!this.#projects) return;
    this.#outdated.add(name);
    if (this.#outdated.size > MOST_CHANGED) this.#projects = undefined;
  }
}

/** Longer lists are read anew for each version. */
const MOST_PROJECTS = 100_000;
/** Beyond so many names that have changed the list is read anew. */
const MOST_CHANGED = 2000;

const known = new WeakMap<DistributionState, Promise<KnownIndex>>();

/** What is known of the index in a state of its distribution. */
export function knownIndex(served: ServedIndex, state: DistributionState): Promise<KnownIndex> {
  let index = known.get(state);
  if (!index) {
    index = learn(served, state);
    known.set(state, index);
    index.catch(() => known.delete(state));
  }
  return index;
}

async function learn(served: ServedIndex, { version, former }: DistributionState): Promise<KnownIndex> {
  const before = former && known.get(former.state)?.catch(() => undefined);
  if (!version) return new KnownIndex(null, undefined);
  const facts = await readFacts(served, version);
  const index = await before;
  // Repaired metadata gives other names to the projects of the same units.
  const follows = index?.facts?.repairs === facts.repairs;
  return new KnownIndex(version, facts, follows ? { index: index!, changed: former!.changed } : undefined);
}
