/** The states of a run, and what may be done with a run that is in them. */
import { type Sql, sql } from '../../db/sql.ts';

interface Traits {
  /** Under way, or waiting for its switch: what it brings is claimed. */
  readonly open?: boolean;
  /** The replicating task works on it. */
  readonly advancing?: boolean;
  /** What it has staged can be switched to. */
  readonly switchable?: boolean;
  /** Nothing more happens to it by itself. */
  readonly ended?: boolean;
  /** What it has done can be taken back. */
  readonly reversible?: boolean;
  /** It can be carried on by hand. */
  readonly repeatable?: boolean;
}

const STATES = {
  planned: { open: true, advancing: true },
  staging: { open: true, advancing: true, switchable: true },
  ready: { open: true, switchable: true },
  blocked: { ended: true, repeatable: true },
  failed: { ended: true, repeatable: true },
  canceled: { ended: true, repeatable: true },
  active: { ended: true, reversible: true },
  partial: { ended: true, repeatable: true, reversible: true },
  rolled_back: {},
} satisfies Readonly<Record<string, Traits>>;

export type RunState = keyof typeof STATES;
export type Trait = keyof Traits;

export function isRun(state: RunState, trait: Trait): boolean {
  const traits: Traits = STATES[state];
  return traits[trait] === true;
}

/** In the order in which they are told to people. */
export function statesThat(trait: Trait): RunState[] {
  return (Object.keys(STATES) as RunState[]).filter((state) => isRun(state, trait));
}

/** A list for `state in …`. */
export function statesIn(trait: Trait): Sql {
  const names = statesThat(trait).map((state) => `'${state}'`);
  return sql.raw(`(${names.join(', ')})`);
}
