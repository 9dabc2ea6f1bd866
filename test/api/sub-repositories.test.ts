/** Parts of repositories through the API: in no list, not to be asked for, in nobody's way, and gone with their repository. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { adoptSubRepository } from '../../src/model/repositories/sub-repository.ts';
import { useRunningServer } from '../support/running-server.ts';

const running = await useRunningServer();

test('clients see a repository and not its parts', async () => {
  const whole = await running.repository();
  const id = whole.pulp_href.split('/').at(-2)!;
  const { id: parent, domain_id: domain } = (await running.db.row<{ id: number; domain_id: number }>(
    sql`select id, domain_id from repository where pulp_id = ${id}`,
  ))!;
  const { repository: part } = await running.db.transaction((tx) =>
    adoptSubRepository(tx, domain, { id: parent, pulpType: 'file.file' }, 'a part'),
  );
  const count = async (path: string) => (await running.call('GET', path)).body.count;
  assert.equal(await count('repositories/file/file/'), 1);
  assert.equal(await count('repositories/'), 1);
  assert.equal(await count('repository_versions/'), 1);
  const href = whole.pulp_href.replace(id, part.pulpId);
  assert.equal((await running.call('GET', href)).status, 404);
  const deleted = await running.call('DELETE', whole.pulp_href);
  const { state, error } = await running.ended(deleted.body.task);
  assert.deepEqual([state, error], ['completed', null]);
  assert.deepEqual(await running.db.rows(sql`select name from repository`), []);
  assert.deepEqual(await running.db.rows(sql`select from sub_repository`), []);
});
