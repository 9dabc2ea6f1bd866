/** What repositories, versions, publications and bytes have to be after any sequence of acts: in memory, as simple as can be. */

/** `path=text`: a unit of file content. */
export type Unit = string;
export const pathOf = (unit: Unit): string => unit.slice(0, unit.indexOf('='));
export const textOf = (unit: Unit): string => unit.slice(unit.indexOf('=') + 1);

export interface ModelPublication {
  readonly id: string;
  readonly number: number;
  checkpoint: boolean;
}

export interface ModelDistribution {
  readonly id: string;
  /** Follows the repository, or is set on a version or a publication. */
  readonly on: { readonly version: number } | { readonly publication: string } | 'repository';
  readonly checkpoint: boolean;
}

export class ModelRepository {
  readonly versions = new Map<number, ReadonlySet<Unit>>([[0, new Set()]]);
  publications: ModelPublication[] = [];
  distributions: ModelDistribution[] = [];
  next = 1;
  retain: number | null = null;
  checkpoints: number | null = null;

  get numbers(): number[] {
    return [...this.versions.keys()].sort((left, right) => left - right);
  }
  get latest(): number {
    return this.numbers.at(-1)!;
  }
  at(number: number): ReadonlySet<Unit> {
    return this.versions.get(number)!;
  }
  get everything(): Set<Unit> {
    return new Set([...this.versions.values()].flatMap((units) => [...units]));
  }

  /** Starts from `base`, removes, adds; what is added pushes out what has its path. Answers whether there is a new version. */
  change(base: number, remove: ReadonlySet<Unit>, add: readonly Unit[]): boolean {
    const start = this.at(base);
    const content = new Set([...start].filter((unit) => !remove.has(unit)));
    for (const unit of add) content.add(unit);
    const fresh = [...content].filter((unit) => !start.has(unit));
    const taken = new Map(fresh.map((unit) => [pathOf(unit), unit]));
    for (const unit of content) if ((taken.get(pathOf(unit)) ?? unit) !== unit) content.delete(unit);
    if (same(content, this.at(this.latest))) return false;
    this.versions.set(this.next++, content);
    this.trim();
    return true;
  }

  remove(number: number): void {
    this.versions.delete(number);
    const gone = new Set(this.publications.filter((one) => one.number === number).map(({ id }) => id));
    this.publications = this.publications.filter(({ id }) => !gone.has(id));
  }

  /** Versions in use by distributions. */
  get kept(): Set<number> {
    const kept = new Set<number>();
    const followed = this.distributions.filter(({ on }) => on === 'repository');
    for (const { on } of this.distributions) {
      if (on === 'repository') continue;
      if ('version' in on) kept.add(on.version);
      else for (const one of this.publications) if (one.id === on.publication) kept.add(one.number);
    }
    if (followed.some(({ checkpoint }) => checkpoint))
      for (const { number, checkpoint } of this.publications) if (checkpoint) kept.add(number);
    const published = this.publications.map(({ number }) => number);
    if (followed.some(({ checkpoint }) => !checkpoint) && published.length > 0) kept.add(Math.max(...published));
    return kept;
  }

  trim(): void {
    if (this.retain === null) return;
    const { kept } = this;
    const free = this.numbers.filter((number) => !kept.has(number));
    for (const number of free.slice(0, Math.max(0, free.length - this.retain))) this.remove(number);
  }

  publish(id: string, number: number, checkpoint: boolean): void {
    this.publications.push({ id, number, checkpoint });
    this.trimCheckpoints();
  }

  trimCheckpoints(): void {
    if (this.checkpoints === null) return;
    const flagged = this.publications.filter(({ checkpoint }) => checkpoint);
    for (const one of flagged.slice(0, Math.max(0, flagged.length - this.checkpoints))) one.checkpoint = false;
  }
}

export function same<T>(left: ReadonlySet<T>, right: ReadonlySet<T>): boolean {
  return left.size === right.size && [...left].every((one) => right.has(one));
}

/** A unit as the database has it. */
export interface Held {
  readonly bytes: boolean;
  /** Has remote sources. */
  readonly source: boolean;
}

/** Units whose bytes a reclaim of these repositories has to drop. */
export function reclaimable(
  all: readonly ModelRepository[],
  chosen: ReadonlySet<ModelRepository>,
  kept: ReadonlySet<Unit>,
  held: ReadonlyMap<Unit, Held>,
  published: ReadonlySet<string>,
): Set<Unit> {
  const inside = new Set<Unit>();
  const outside = new Set<Unit>(kept);
  for (const one of all) for (const unit of one.everything) (chosen.has(one) ? inside : outside).add(unit);
  const fits = (unit: Unit) => inside.has(unit) && !outside.has(unit) && held.get(unit)?.source === true;
  const shared = new Set([...held].filter(([unit, { bytes }]) => bytes && !fits(unit)).map(([unit]) => textOf(unit)));
  const candidates = [...held].filter(([unit, { bytes }]) => bytes && fits(unit)).map(([unit]) => unit);
  return new Set(candidates.filter((unit) => !shared.has(textOf(unit)) && !published.has(textOf(unit))));
}
