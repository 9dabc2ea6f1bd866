/** Remembers which passwords were verified, so that basic authentication costs a look-up and not a password hash. */
import { createHmac, randomBytes } from 'node:crypto';
import { SingleFlight } from '../lib/single-flight.ts';
import { checkPassword } from './passwords.ts';

/** Entries live this long, in milliseconds. */
const MAX_AGE = 10 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * Only a keyed digest of password and stored hash is kept, with a key that dies with the process; a changed password
 * has another stored hash, so an old entry can never match. Failures are not remembered.
 */
export class VerifiedPasswords {
  readonly #key = randomBytes(32);
  readonly #verified = new Map<string, number>();
  readonly #running = new SingleFlight<string, boolean>();

  async check(password: string, stored: string | null): Promise<boolean> {
    if (!stored) return false;
    const entry = createHmac('sha256', this.#key).update(stored).update('\0').update(password).digest('base64');
    const until = this.#verified.get(entry);
    if (until !== undefined && until > Date.now()) return true;
    const fine = await this.#running.run(entry, () => checkPassword(password, stored));
    if (fine) this.#remember(entry);
    return fine;
  }

  #remember(entry: string): void {
    if (this.#verified.size >= MAX_ENTRIES) this.#verified.delete(this.#verified.keys().next().value!);
    this.#verified.delete(entry);
    this.#verified.set(entry, Date.now() + MAX_AGE);
  }
}
