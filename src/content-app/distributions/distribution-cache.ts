/**
 * The distributions this process has served lately.
 *
 * What a request is answered from was the state of the database at most `freshFor` milliseconds before the request came in:
 * an entry is used without a query only that long after the last query that found it unchanged; later requests wait for
 * such a query, one for all who wait. Notifications only make the query come sooner, so a lost or late one costs nothing but
 * those milliseconds, which tasks last longer than their last change (model/distribution-change.ts). With `freshFor: 0` a
 * client sees every change that was committed before it sent its request. Before anything is said to be missing the database
 * is asked in any case (`confirm`). Writers in this process call `invalidate` and get that guarantee for their changes in any
 * case.
 * While a writer switches several distributions of a domain together (table distribution_switch, whose row is there for
 * longer than `freshFor` before the switch), every request for that domain waits for a query: so a client that has seen
 * one of them new cannot see another old, whichever process it asks.
 */
import type { Database } from '../../db/database.ts';
import { loadSnapshot, loadStamps } from './load-distributions.ts';
import type { ServedEntry } from './served-entry.ts';

const MAX_ENTRIES = 10_000;
/** How long entries are used while the database cannot be asked. */
const USABLE_WITHOUT_DATABASE = 10_000;

interface DistributionCacheOptions {
  db: Database;
  /** pulp_types that serve publications. */
  publishing: readonly string[];
  /** Milliseconds. */
  freshFor: number;
  load: (domain: string, path: string) => Promise<ServedEntry | undefined>;
}

class DomainPaths {
  readonly byPath = new Map<string, ServedEntry>();
  longest = 0;
}

export class DistributionCache {
  readonly #options: DistributionCacheOptions;
  readonly #domains = new Map<string, DomainPaths>();
  readonly #byId = new Map<string, ServedEntry>();
  /** To be checked next, and being checked. */
  #wanted = new Set<ServedEntry>();
  #checking = new Set<ServedEntry>();
  /** What was read before this may be older than the change that was told. */
  #invalidatedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: DistributionCacheOptions) {
    this.#options = options;
  }

  /** The entry that serves a path, undefined when there is no distribution for it. */
  async find(domain: string, path: string): Promise<ServedEntry | undefined> {
    const known = this.#match(domain, path);
    if (!known) return this.#load(domain, path);
    const { freshFor } = this.#options;
    const age = performance.now() - known.checkedAt;
    if (age <= freshFor) {
      // Under steady load the next check is over before anybody would have to wait for it: it takes a turn of a busy event loop or two.
      if (age > freshFor / 4 && !this.#wanted.has(known) && !this.#checking.has(known)) this.#checkAhead(known);
      return known;
    }
    try {
      await this.#check(known);
    } catch (error) {
      if (performance.now() - known.checkedAt >= USABLE_WITHOUT_DATABASE) throw error;
      return known;
    }
    return this.#byId.get(known.distribution.pulpId) === known ? known : this.#load(domain, path);
  }

  /**
   * Whether the entry holds at this moment: to be asked before something is said to be missing, for what was acknowledged to one
   * client must not be denied to another. Rejects when the database cannot be asked.
   */
  async confirm(entry: ServedEntry): Promise<boolean> {
    await this.#check(entry);
    return this.#byId.get(entry.distribution.pulpId) === entry;
  }

  /** Makes the next request look whether it still holds: one distribution by its pulp_id, or all with `*`. */
  invalidate(id: string): void {
    this.#invalidatedAt = performance.now();
    const entries = id === '*' ? this.#byId.values() : [this.#byId.get(id)];
    for (const entry of entries) {
      if (!entry) continue;
      entry.checkedAt = Number.NEGATIVE_INFINITY;
      entry.checkedIn = undefined;
    }
  }

  #checkedAt(started: number, switching: boolean): number {
    return started > this.#invalidatedAt && !switching ? started : Number.NEGATIVE_INFINITY;
  }

  #match(domain: string, path: string): ServedEntry | undefined {
    const paths = this.#domains.get(domain);
    if (!paths) return undefined;
    for (let slash = path.indexOf('/'); slash >= 0 && slash <= paths.longest; slash = path.indexOf('/', slash + 1)) {
      const entry = paths.byPath.get(path.slice(0, slash));
      if (entry) return entry;
    }
    return path.length <= paths.longest ? paths.byPath.get(path) : undefined;
  }

  async #load(domain: string, path: string): Promise<ServedEntry | undefined> {
    const loaded = await this.#options.load(domain, path);
    if (!loaded) return undefined;
    const started = loaded.checkedAt;
    loaded.checkedAt = this.#checkedAt(started, loaded.switching);
    const known = this.#byId.get(loaded.distribution.pulpId);
    if (known?.stamp === loaded.stamp) {
      known.checkedAt = Math.max(known.checkedAt, loaded.checkedAt);
      return known;
    }
    if (known && known.checkedAt > started) return loaded;
    if (known) this.#drop(known);
    this.#add(loaded);
    return loaded;
  }

  #add(entry: ServedEntry): void {
    const { domain, basePath, pulpId } = entry.distribution;
    if (this.#byId.size >= MAX_ENTRIES) this.#drop(this.#byId.values().next().value!);
    const paths = this.#domains.get(domain.name) ?? new DomainPaths();
    this.#domains.set(domain.name, paths);
    paths.byPath.set(basePath, entry);
    paths.longest = Math.max(paths.longest, basePath.length);
    this.#byId.set(pulpId, entry);
  }

  #drop(entry: ServedEntry): void {
    const { domain, basePath, pulpId } = entry.distribution;
    const paths = this.#domains.get(domain.name);
    if (paths?.byPath.get(basePath) === entry) paths.byPath.delete(basePath);
    if (paths?.byPath.size === 0) this.#domains.delete(domain.name);
    if (this.#byId.get(pulpId) === entry) this.#byId.delete(pulpId);
  }

  /** Waits for a check that began after this call: a running one may have looked too early. */
  #check(entry: ServedEntry): Promise<void> {
    this.#wanted.add(entry);
    this.#next ??= this.#startNext();
    return this.#next;
  }

  #checkAhead(entry: ServedEntry): void {
    this.#check(entry).catch(() => undefined); // whoever needs it will ask again and see the error
  }

  async #startNext(): Promise<void> {
    await this.#running?.catch(() => undefined);
    this.#checking = this.#wanted;
    this.#wanted = new Set();
    this.#next = undefined;
    this.#running = this.#compare([...this.#checking]).finally(() => this.#checking.clear());
    await this.#running;
  }

  /** Where nothing at all has been committed since the last look, the rows need not be read again. */
  async #compare(entries: readonly ServedEntry[]): Promise<void> {
    const started = performance.now();
    const { db, publishing } = this.#options;
    const snapshot = await loadSnapshot(db);
    const others: ServedEntry[] = [];
    for (const entry of entries) {
      if (entry.checkedIn === snapshot) entry.checkedAt = this.#checkedAt(started, false);
      else others.push(entry);
    }
    if (others.length === 0) return;
    const ids = others.map((entry) => entry.distribution.pulpId);
    const stamps = await loadStamps(db, publishing, ids);
    for (const entry of others) {
      const found = stamps.get(entry.distribution.pulpId);
      if (found?.stamp !== entry.stamp) {
        this.#drop(entry);
        continue;
      }
      entry.checkedAt = this.#checkedAt(started, found.switching);
      entry.checkedIn = found.switching ? undefined : snapshot;
    }
  }
}
