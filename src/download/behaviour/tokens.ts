/** Tokens of a remote, each kept until it expires or is refused, and fetched once for all who want it at the same time. */
import { hash } from 'node:crypto';
import { SingleFlight } from '../../lib/flow/single-flight.ts';
import type { RemoteSettings } from '../remote-settings.ts';

export interface Token {
  readonly value: string;
  /** For which it is good; without it until it is refused. */
  readonly seconds?: number | undefined;
}

interface Kept {
  readonly value: string;
  readonly until: number;
}

const MOST_TOKENS = 1000;
const MOST_REMOTES = 500;
/** Milliseconds before its end at which a token is not used any more, or a tenth of a short life. */
const MARGIN = 10_000;

export class Tokens {
  readonly #kept = new Map<string, Kept>();
  readonly #flights = new SingleFlight<string, string>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The token of a name, such as its scope. */
  get(name: string): string | undefined {
    const kept = this.#kept.get(name);
    return kept && kept.until > this.#now() ? kept.value : undefined;
  }

  /**
   * A token other than the one that was refused: one that somebody else has got meanwhile, or a new one. Who joins a fetch that fails
   * makes one attempt of its own: whoever began the fetch may have been canceled.
   */
  async renew(name: string, refused: string | undefined, fetch: () => Promise<Token>): Promise<string> {
    const known = this.get(name);
    if (known !== undefined && known !== refused) return known;
    if (!this.#flights.has(name)) return await this.#fly(name, fetch);
    try {
      return await this.#fly(name, fetch);
    } catch {
      return this.get(name) ?? (await this.#fly(name, fetch));
    }
  }

  #fly(name: string, fetch: () => Promise<Token>): Promise<string> {
    return this.#flights.run(name, async () => {
      const asked = this.#now();
      const { value, seconds } = await fetch();
      this.#keep(name, value, seconds === undefined ? Number.POSITIVE_INFINITY : asked + usable(seconds * 1000));
      return value;
    });
  }

  #keep(name: string, value: string, until: number): void {
    this.#kept.delete(name);
    this.#kept.set(name, { value, until });
    if (this.#kept.size > MOST_TOKENS) this.#kept.delete(this.#kept.keys().next().value!);
  }
}

function usable(milliseconds: number): number {
  return milliseconds - Math.min(MARGIN, milliseconds / 10);
}

/** The tokens of all remotes that a process uses; a remote whose credentials change begins anew. */
export class TokenStore {
  readonly #byRemote = new Map<string, Tokens>();

  of(remote: RemoteSettings): Tokens {
    const { pulp_id, url, username, password, details } = remote;
    const key = hash('sha256', JSON.stringify([pulp_id, url, username, password, details]), 'base64');
    const tokens = this.#byRemote.get(key) ?? new Tokens();
    this.#byRemote.delete(key);
    this.#byRemote.set(key, tokens); // the last used one is the last to go
    if (this.#byRemote.size > MOST_REMOTES) this.#byRemote.delete(this.#byRemote.keys().next().value!);
    return tokens;
  }
}
