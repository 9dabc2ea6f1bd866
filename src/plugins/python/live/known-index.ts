/**
 * What this process knows of an index that it serves: the validators of its version, its list of projects, its finished pages.
 * Pages outlive the versions that do not change them: an upload costs the page of its project and no other.
 */
import type { Queryable, Version } from '../../../plugin-api/index.ts';
import type { IndexProject } from '../formats/index/index-file.ts';
import { projectsChanged } from '../version-packages.ts';
import type { PageStore } from './page-store.ts';
import { type ProjectReader, projectReader } from './project-reader.ts';
import type { ServedIndex } from './served-index.ts';
import { readFacts, type VersionFacts } from './version-facts.ts';

/** One state of an index. Whoever finds it replaced by a newer one keeps nothing any more. */
export class KnownIndex {
  readonly version: Version | null;
  readonly facts: VersionFacts | undefined;
  /** What the URLs on its pages are made of. */
  readonly place: string;
  readonly #pages: PageStore;
  readonly #prefix: string;
  /** By type and host of the pages. */
  readonly #views: Set<string>;
  #projects: readonly IndexProject[] | undefined;
  #outdated: Set<string>;
  #isReplaced = false;
  #reader: ProjectReader | undefined;

  constructor(
    pages: PageStore,
    version: Version | null,
    facts: VersionFacts | undefined,
    place: string,
    from?: KnownIndex,
  ) {
    this.#pages = pages;
    this.version = version;
    this.facts = facts;
    this.place = place;
    this.#prefix = from ? from.#prefix : `${++made}`;
    this.#views = from ? from.#views : new Set();
    this.#projects = from ? from.#projects : undefined;
    this.#outdated = from ? new Set(from.#outdated) : new Set();
  }

  /** Its state after a version that changes only these projects. */
  next(version: Version, facts: VersionFacts, changed: readonly string[]): KnownIndex {
    const next = new KnownIndex(this.#pages, version, facts, this.place, this);
    this.#isReplaced = true;
    for (const view of this.#views) {
      if (changed.length > 0) this.#pages.delete(this.#key(view, ''));
      for (const name of changed) this.#pages.delete(this.#key(view, name));
    }
    for (const name of changed) next.#outdate(name);
    return next;
  }

  /** Reads packages of its projects; undefined where no version is served. */
  reader(db: Queryable): ProjectReader | undefined {
    if (!this.version || !this.facts) return undefined;
    this.#reader ??= projectReader(db, this.version, this.facts);
    return this.#reader;
  }

  /** A page of a project, or that of all projects for an empty name. */
  page(view: string, name: string): Buffer | undefined {
    return this.#pages.get(this.#key(view, name));
  }

  /** Kept unless a newer state has come meanwhile. */
  keepPage(view: string, name: string, page: Buffer): void {
    if (this.#isReplaced) return;
    this.#views.add(view);
    this.#pages.set(this.#key(view, name), page);
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

  #key(view: string, name: string): string {
    return `${this.#prefix} ${view} ${name}`;
  }
}

let made = 0;
/** Longer lists are read anew for each version. */
const MOST_PROJECTS = 100_000;
const MOST_INDEXES = 1000;
/** A version that changes more projects is looked at as a new index. */
const MOST_CHANGED = 2000;

/** The indexes this process has served lately, each in the state that was seen last. */
export class KnownIndexes {
  readonly #pages: PageStore;
  readonly #known = new Map<string, { readonly state: string; readonly index: Promise<KnownIndex> }>();

  constructor(pages: PageStore) {
    this.#pages = pages;
  }

  /** To be called as soon as the distribution is found, so that the order of calls is the order of its states. */
  of(served: ServedIndex): Promise<KnownIndex> {
    const { pulpId, state } = served.distribution;
    const now = this.#known.get(pulpId);
    if (now?.state === state) return now.index;
    const index = this.#advance(served, now?.index);
    const entry = { state, index };
    this.#known.delete(pulpId);
    this.#known.set(pulpId, entry);
    index.catch(() => this.#known.get(pulpId) === entry && this.#known.delete(pulpId));
    if (this.#known.size > MOST_INDEXES) this.#known.delete(this.#known.keys().next().value!);
    return index;
  }

  async #advance(served: ServedIndex, before: Promise<KnownIndex> | undefined): Promise<KnownIndex> {
    const former = await before?.catch(() => undefined);
    const { version, request, distribution } = served;
    const { db } = request.services;
    const place = `${distribution.domain.name}/${distribution.basePath} ${distribution.row.remote_id}`;
    if (!version) return new KnownIndex(this.#pages, null, undefined, place);
    const facts = await readFacts(served, version);
    const changed =
      former?.place === place && former.facts?.repairs === facts.repairs && (await changes(db, former, version));
    return changed ? former.next(version, facts, changed) : new KnownIndex(this.#pages, version, facts, place);
  }
}

/** Projects that a later version of the same repository has changed; undefined where that is not known or not worth finding out. */
async function changes(db: Queryable, { version: from }: KnownIndex, to: Version): Promise<string[] | undefined> {
  if (!from || from.repositoryId !== to.repositoryId || from.number > to.number) return undefined;
  if (from.id === to.id) return [];
  const changed = await projectsChanged(db, from, to, MOST_CHANGED + 1);
  return changed && changed.length <= MOST_CHANGED ? changed : undefined;
}
