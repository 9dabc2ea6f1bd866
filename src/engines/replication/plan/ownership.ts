/** Who owns an object of the domain, and what that allows an upstream to do with it under its policy. */
import { type Labels, OWNER_LABEL, type PlanInput } from './plan-types.ts';

export type Ownership = 'mine' | 'friend' | 'foreign' | 'nobody';

export class Owners {
  readonly #input: PlanInput;
  readonly #friends: ReadonlySet<string>;
  readonly #names: ReadonlyMap<string, string>;

  constructor(input: PlanInput) {
    this.#input = input;
    const { upstream, local } = input;
    const key = upstream.ownerKey;
    this.#friends = new Set(local.others.filter((one) => key !== null && one.ownerKey === key).map((one) => one.id));
    this.#names = new Map(local.others.map((one) => [one.id, one.name]));
  }

  /** A label of an upstream that is no more makes nobody an owner. */
  of(labels: Labels): Ownership {
    const id = labels[OWNER_LABEL];
    return typeof id === 'string' ? this.ofUpstream(id) : 'nobody';
  }

  ofUpstream(id: string): Ownership {
    if (id === this.#input.upstream.id) return 'mine';
    if (this.#friends.has(id)) return 'friend';
    return this.#names.has(id) ? 'foreign' : 'nobody';
  }

  /** For people: the name of the upstream that owns it, or `local`. */
  nameOf(labels: Labels): string {
    const id = labels[OWNER_LABEL];
    if (id === this.#input.upstream.id) return this.#input.upstream.name;
    return (typeof id === 'string' ? this.#names.get(id) : undefined) ?? 'local';
  }

  nameOfUpstream(id: string): string {
    return this.#names.get(id) ?? 'local';
  }

  /** May be changed by this upstream. */
  manages(labels: Labels): boolean {
    const ownership = this.of(labels);
    if (ownership === 'mine' || ownership === 'friend') return true;
    return ownership === 'nobody' && this.#input.upstream.policy !== 'labeled';
  }

  /** Goes when upstream does not have it. */
  removes(labels: Labels): boolean {
    const { selective, upstream } = this.#input;
    if (selective || upstream.policy === 'nodelete') return false;
    const ownership = this.of(labels);
    return ownership === 'mine' || (ownership === 'nobody' && upstream.policy === 'all');
  }
}
