/** A key file that is lost, or that of another server: nothing starts with it, no other key is made, and the way out is told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { databaseKeys } from '../../src/app/storage/encryption-key.ts';
import { embeddedUrl } from '../../src/db/embedded/embedded.ts';
import { sql } from '../../src/db/sql.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { runCommand } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory, spawnServer, startServer } from '../support/server.ts';
import { post } from './files.ts';

const MISSING = /key file .*db-encryption-key is missing.*backup.*another machine.*rotate-db-key --accept-loss/s;

test('without its key file a server does not start, and no command makes another key', async () => {
  const server = await startServer({ settings: { workers: 0 } });
  const { data } = server;
  await post(server, 'remotes/file/file/', { name: 'secret', url: 'http://127.0.0.1:9/', password: 'hush' });
  const file = join(data, 'db-encryption-key');
  renameSync(file, `${file}.kept`);
  const to = makeDataDirectory();
  const commands = [['backup', '--to', to], ['rotate-db-key'], ['rotate-db-key', '--dry-run'], ['worker', '--burst']];
  const refuse = async () => {
    for (const words of commands) {
      const { code, stderr } = await runCommand([...words, '--data', data]);
      assert.notEqual(code, 0, words.join(' '));
      assert.match(stderr, MISSING, words.join(' '));
      assert.equal(existsSync(file), false, words.join(' '));
    }
  };
  await refuse();
  await server.stop();
  commands.pop();
  await refuse();
  assert.deepEqual(
    readdirSync(to).filter((name) => name.endsWith('Z')),
    [],
  );
  const { child, output } = spawnServer({ data });
  await once(child, 'close');
  assert.match(output(), MISSING);
  assert.equal(existsSync(file), false);

  renameSync(`${file}.kept`, file);
  const again = await startServer({ data, settings: { workers: 0 } });
  await again.stop();
  rmSync(file);
  const lost = await runCommand(['rotate-db-key', '--accept-loss', '--data', data]);
  assert.equal(lost.code, 0, lost.stderr);
  assert.match(lost.stderr, /remote\.password/);
  const last = await startServer({ data, settings: { workers: 0 } });
  await post(last, 'remotes/file/file/', { name: 'other', url: 'http://127.0.0.1:9/', password: 'hush' });
});

test('a second machine needs the keys of the first', async () => {
  const server = await startServer({ settings: { workers: 0 } });
  const database = ['--database-url', embeddedUrl(join(server.data, 'postgres'))];
  const second = makeDataDirectory();
  const worker = () => runCommand(['worker', '--burst', '--data', second, ...database]);
  assert.match((await worker()).stderr, MISSING);
  assert.equal(existsSync(join(second, 'db-encryption-key')), false);
  writeFileSync(join(second, 'db-encryption-key'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const other = await worker();
  assert.notEqual(other.code, 0);
  assert.match(other.stderr, /cannot be read with .*another machine/s);
  copyFileSync(join(server.data, 'db-encryption-key'), join(second, 'db-encryption-key'));
  const { code, stderr } = await worker();
  assert.equal(code, 0, stderr);
});

test('of several machines that start on a new database at once one makes the key', async () => {
  const db = await useDatabase();
  const machines = Array.from({ length: 4 }, () => ({ data: makeDataDirectory(), dbEncryptionKey: '' }));
  const outcomes = await Promise.allSettled(machines.map((machine) => databaseKeys(machine, db)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a database from before the mark: its secrets tell whether the keys fit', async () => {
  const db = await useDatabase();
  await db.run(sql`insert into domain (pulp_id, name) values (${uuid7()}, 'default') on conflict do nothing`);
  const machine = { data: makeDataDirectory(), dbEncryptionKey: '' };
  const own = await Secrets.load(join(machine.data, 'db-encryption-key'));
  const foreign = await Secrets.load(join(makeDataDirectory(), 'key'));
  const remote = (name: string, password: string) =>
    db.run(sql`insert into remote (pulp_id, domain_id, pulp_type, name, url, password)
      select ${uuid7()}, id, 'file.file', ${name}, 'http://h/', ${password} from domain limit 1`);
  await remote('lost', foreign.encrypt('x'));
  await assert.rejects(databaseKeys(machine, db), /cannot be read with/);
  const empty = { data: makeDataDirectory(), dbEncryptionKey: '' };
  await assert.rejects(databaseKeys(empty, db), /is missing/);
  assert.equal(existsSync(join(empty.data, 'db-encryption-key')), false);
  await remote('readable', own.encrypt('x'));
  await databaseKeys(machine, db);
  await assert.rejects(databaseKeys(empty, db), /is missing/);
  const named = join(empty.data, 'elsewhere', 'key');
  mkdirSync(join(empty.data, 'elsewhere'));
  copyFileSync(join(machine.data, 'db-encryption-key'), named);
  await databaseKeys({ ...empty, dbEncryptionKey: named }, db);
  assert.ok(readFileSync(named, 'utf8').length > 0);
});
