/** The file with the keys that encrypt secrets: one base64 key of 32 bytes a line, the current one first. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../process/errno.ts';

/** The keys of a file; undefined when there is none. Throws when a line is no key. */
export async function readKeyFile(file: string): Promise<Buffer[] | undefined> {
  try {
    return parseKeys(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return undefined;
  }
}

/** Like readKeyFile, with one random key and mode 0600 where there is no file. */
export async function readOrCreateKeyFile(file: string): Promise<Buffer[]> {
  const found = await readKeyFile(file);
  if (found) return found;
  await createKeyFile(file);
  return parseKeys(await readFile(file, 'utf8'), file);
}

/** Lines in either base64 alphabet; empty lines and lines starting with `#` are skipped. */
function parseKeys(text: string, file: string): Buffer[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys = lines
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => parseKey(line, `Line ${number} of ${file}`));
  if (keys.length === 0) throw new Error(`${file} holds no encryption key.`);
  return keys;
}

function parseKey(line: string, where: string): Buffer {
  const key = Buffer.from(line, 'base64');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(line) || key.length !== 32) {
    throw new Error(`${where} is not a base64 key of 32 bytes.`);
  }
  return key;
}

/** Written aside and linked into place, so that of several starting processes one wins and nobody reads half a key. */
async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64url')}=\n`);
    await handle.sync();
    await handle.close();
    await link(draft, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
  }
}
