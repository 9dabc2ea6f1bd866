/** Hashes and checks passwords: argon2id for new ones, PBKDF2 in Django's form for accounts that were brought along. */
import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { hash, verify } from '@node-rs/argon2';

const derive = promisify(pbkdf2);
// OWASP's second recommended choice: about 50 ms of one core
const OPTIONS = { memoryCost: 19456, timeCost: 2, parallelism: 1 } as const;

export async function hashPassword(password: string): Promise<string> {
  return await hash(password, OPTIONS);
}

/** False for an unusable password (null) and for a hash of an unknown form. */
export async function checkPassword(password: string, stored: string | null): Promise<boolean> {
  if (!stored) return false;
  if (stored.startsWith('$argon2')) return await verify(stored, password);
  return stored.startsWith('pbkdf2_sha256$') ? await checkDjango(password, stored) : false;
}

async function checkDjango(password: string, stored: string): Promise<boolean> {
  const [, rounds = '', salt = '', expected = ''] = stored.split('$');
  const digest = Buffer.from(expected, 'base64');
  if (!/^\d{1,8}$/.test(rounds) || digest.length !== 32) return false;
  return timingSafeEqual(await derive(password, salt, Number(rounds), 32, 'sha256'), digest);
}
