/** The kept answers of the distributions that this process has served lately, each in the state that was seen last. */
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { ServedEntry } from '../distributions/served-entry.ts';
import { AnswerStore } from './answer-store.ts';
import { KeptState } from './kept-state.ts';

const MOST_DISTRIBUTIONS = 1000;
/** A version that changes more is looked at as a new distribution. */
const MOST_CHANGED = 2000;

export class KeptAnswers {
  readonly #services: Services;
  readonly #store: AnswerStore;
  readonly #known = new Map<string, { readonly serial: number; readonly state: Promise<KeptState> }>();

  constructor(services: Services) {
    this.#services = services;
    this.#store = new AnswerStore(services.settings.answerCacheSize);
  }

  /** To be called as soon as the distribution is found, so that the order of calls is the order of its states. */
  of(entry: ServedEntry): Promise<KeptState> {
    const { pulpId } = entry.distribution;
    const now = this.#known.get(pulpId);
    if (now?.serial === entry.serial) return now.state;
    const state = this.#advance(entry, now?.state);
    const known = { serial: entry.serial, state };
    this.#known.delete(pulpId);
    this.#known.set(pulpId, known);
    state.catch(() => this.#known.get(pulpId) === known && this.#known.delete(pulpId));
    if (this.#known.size > MOST_DISTRIBUTIONS) this.#known.delete(this.#known.keys().next().value!);
    return state;
  }

  async #advance(entry: ServedEntry, before: Promise<KeptState> | undefined): Promise<KeptState> {
    const former = await before?.catch(() => undefined);
    const { version } = entry.distribution;
    const changed = former?.frame === entry.frame ? await this.#changes(entry, former) : undefined;
    return changed ? former!.next(version, changed) : new KeptState(this.#store, version, entry.frame);
  }

  /** The subjects that a later version of the same repository has changed; undefined where that cannot be told or is not worth it. */
  async #changes(
    { distribution, type }: ServedEntry,
    { version: from }: KeptState,
  ): Promise<readonly string[] | undefined> {
    const { version: to } = distribution;
    if (from?.id === to?.id) return [];
    if (!from || !to || from.repositoryId !== to.repositoryId || from.number > to.number) return undefined;
    const changed = await type?.changed?.(this.#services, from, to, MOST_CHANGED + 1);
    return changed && changed.length <= MOST_CHANGED ? changed : undefined;
  }
}
