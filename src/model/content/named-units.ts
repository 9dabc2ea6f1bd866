/** Units that name others in their columns: what the columns hold, which units come with those that are saved, and in what order. */
import { type ContentTable, type NamedBy, namesOf } from './natural-key.ts';
import type { SavedUnit, Unit } from './unit.ts';

/** Value of a column that names a unit, or of one that names a list of them, once the named ones are saved. */
export function nameValue(by: NamedBy, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => nameValue(by, one));
  if (value === null || value === undefined) return null;
  if (!isUnit(value)) return value;
  if (by === 'id') return value.id;
  return by === 'pulpId' ? value.pulpId : value.values[by.column];
}

/** A unit as the value of a column. */
export function isUnit(value: unknown): value is Unit {
  return typeof value === 'object' && value !== null && 'key' in value && 'artifacts' in value;
}

function namedBy(unit: Unit): Unit[] {
  const named: Unit[] = [];
  for (const name of namesOf(unit.type).keys()) {
    const value = unit.values[name];
    for (const one of Array.isArray(value) ? value : [value]) if (isUnit(one)) named.push(one);
  }
  return named;
}

/** Units to be saved with those that they name. */
interface UnitLevels {
  /** Units of a level name none but those of levels before. Each unit comes once, one that was given rather than one that is named. */
  readonly levels: readonly (readonly Unit[])[];
  /** Tells the ids of units that were found or made to others that stand for them. */
  share(): void;
}

export function levelsOf(units: readonly Unit[]): UnitLevels {
  const types = new Set<ContentTable>(units.map((unit) => unit.type));
  if ([...types].every((type) => namesOf(type).size === 0)) return { levels: [units], share: () => {} };
  return new Leveller(units).levels();
}

/** The units, and after them all that they name; those named by saved units are saved. */
export function withNamed(units: readonly SavedUnit[]): readonly SavedUnit[];
export function withNamed(units: readonly Unit[]): readonly Unit[];
export function withNamed(units: readonly Unit[]): readonly Unit[] {
  const { levels } = levelsOf(units);
  return levels.length === 1 ? levels[0]! : levels.toReversed().flat();
}

class Leveller {
  readonly #given: readonly Unit[];
  /** By identity the unit that is saved: one of those given before one that is only named. */
  readonly #saved: Map<string, Unit>;
  readonly #depths = new Map<Unit, number>();
  readonly #standIns: [Unit, Unit][] = [];

  constructor(given: readonly Unit[]) {
    this.#given = given;
    this.#saved = new Map(given.map((unit) => [identity(unit), unit]));
  }

  levels(): UnitLevels {
    for (const unit of this.#given) this.#depthOf(unit, 0);
    const levels: Unit[][] = [];
    for (const [unit, depth] of this.#depths) {
      const level = levels[depth];
      if (level) level.push(unit);
      else levels[depth] = [unit];
    }
    return { levels: levels.filter((level) => level !== undefined), share: () => this.#share() };
  }

  #depthOf(unit: Unit, above: number): number {
    const known = this.#depths.get(unit);
    if (known !== undefined) return known;
    if (above > DEEPEST) throw new Error(`Units of type ${unit.type.pulpType} name one another without end`);
    const name = identity(unit);
    const saved = this.#saved.get(name);
    if (saved !== undefined && saved !== unit) {
      this.#standIns.push([unit, saved]);
      return this.#depthOf(saved, above + 1);
    }
    this.#saved.set(name, unit);
    const depth = Math.max(-1, ...namedBy(unit).map((one) => this.#depthOf(one, above + 1))) + 1;
    this.#depths.set(unit, depth);
    return depth;
  }

  #share(): void {
    for (const [unit, { id, pulpId, existed }] of this.#standIns) {
      if (id !== undefined) Object.assign(unit, { id, pulpId, existed });
    }
  }
}

const DEEPEST = 100;

const identity = ({ type, key }: Unit) => `${type.pulpType} ${key}`;
