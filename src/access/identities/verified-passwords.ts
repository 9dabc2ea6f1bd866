/** Remembers which passwords were verified, so that basic authentication costs a look-up and not a password hash. */
import { createHmac, randomBytes } from 'node:crypto';
import { SingleFlight } from '../../lib/flow/single-flight.ts';
import { checkPassword } from './passwords.ts';

/** Entries live this long, in milliseconds. */
const MAX_AGE = 10 * 60_000;
const MAX_ENTRIES = 10_000;
/** The hash of a random text that nobody keeps. */
const NO_PASSWORD = '$argon2id$v=19$m=19456,t=2,p=1$TK5civ2u5h33Njmy+x9yGw$JnmWlwdhP0SdJRF6jbtI9TGWOaGT7j/60YRY9OuE9bQ';

/**
 * Only a keyed digest of password and stored hash is kept, with a key that dies with the process; a changed password
 * has another stored hash, so an old entry can never match. Failures are not remembered.
 */
export class VerifiedPasswords {
  readonly #key = randomBytes(32);
  readonly #verified = new Map<string, number>();
  readonly #attempts = new Map<string, Promise<boolean>>();
  readonly #running = new SingleFlight<string, boolean>();

  /** Whether the password was verified a short while ago. */
  knows(password: string, stored: string | null): boolean {
    return stored !== null && (this.#verified.get(this.#entryOf(password, stored)) ?? 0) > Date.now();
  }

  /** Accounts that are not there or have no password take as long as others, so that nobody learns which there are. */
  async check(password: string, stored: string | null): Promise<boolean> {
    if (!stored) {
      await checkPassword(password, NO_PASSWORD);
      return false;
    }
    if (this.knows(password, stored)) return true;
    const entry = this.#entryOf(password, stored);
    const fine = await this.#running.run(entry, () => checkPassword(password, stored));
    if (fine) this.#remember(entry);
    return fine;
  }

  /**
   * An attempt to log in with these words, of which the last is the password. Requests that come with the same at once are one attempt
   * if it succeeds, as those of a client with many connections are; each that comes with a wrong one is an attempt of its own.
   */
  async tryOnce(words: readonly string[], attempt: () => Promise<boolean>): Promise<boolean> {
    const key = this.#entryOf(words.join('\0'), '');
    const other = this.#attempts.get(key);
    if (other && (await other.catch(() => false))) return true;
    const own = attempt();
    if (this.#attempts.has(key)) return await own;
    this.#attempts.set(key, own);
    try {
      return await own;
    } finally {
      this.#attempts.delete(key);
    }
  }

  #entryOf(password: string, stored: string): string {
    return createHmac('sha256', this.#key).update(stored).update('\0').update(password).digest('base64');
  }

  #remember(entry: string): void {
    if (this.#verified.size >= MAX_ENTRIES) this.#verified.delete(this.#verified.keys().next().value!);
    this.#verified.delete(entry);
    this.#verified.set(entry, Date.now() + MAX_AGE);
  }
}
