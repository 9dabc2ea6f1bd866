/** Answers that the core keeps for a type: finished pages and documents that follow from what a distribution serves. */
import type { KeptBody } from '../../lib/http/exchange/kept-body.ts';
import type { Version } from './version.ts';

/** Which answer of a distribution it is. */
export interface AnswerKey {
  /**
   * What the answer is about, in the words of the type's `changed`: the name of a package. Empty for what follows from all that is
   * served, such as a list.
   */
  readonly subject: string;
  /** All else that it depends on: its form, the host in its URLs. There should be few of them. */
  readonly variant: string;
}

/** All that answers of a distribution follow from, as it was when the request came in. */
export interface DistributionState {
  readonly version: Version | null;
  /**
   * The state before, while this one is the newest, with the subjects that the version has changed since: for what a type keeps itself
   * (in a WeakMap by states). Absent where more than a few versions of the same repository lie between them.
   */
  readonly former?: { readonly state: DistributionState; readonly changed: readonly string[] } | undefined;
  /**
   * The answer of that key, made where it is not kept; several requests wait for one making. It is sent as the body of an answer with
   * status 200, with a strong validator of its own, conditions, and in a coding that the client takes. Undefined where `make` answers
   * that, which is not kept.
   */
  answer(
    key: AnswerKey,
    make: () => Promise<string | Uint8Array | undefined>,
  ): KeptBody | Promise<KeptBody | undefined>;
}
