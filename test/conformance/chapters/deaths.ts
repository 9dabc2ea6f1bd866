/** Workers killed in the middle of a sync and of a publish: nothing is left by halves, and the next attempt completes. */
import assert from 'node:assert/strict';
import { sql } from '../../../src/db/sql.ts';
import { findBelow, killAll, processTree } from '../../support/processes.ts';
import { assertCompleted, type Place } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

/** Any number that nothing else locks. */
const HOLD = 6_183_774_120;

export function deathsChapter(suite: Suite): void {
  const { samples, upstream } = suite.description;
  const { kept, removed, before, after, added } = samples;

  suite.check('deaths: a worker killed in the middle of a sync', ['sync'], async (place) => {
    const first = [kept, removed, before];
    const { repository, remote } = await place.synced(first, place.atOnce);
    place.offer([kept, after, added]);
    const held = place.source.hold(place.source.pathOf(added.bytes));
    const task = await place.startSync(repository, remote, upstream!.additive ?? {});
    await held.asked;
    killWorker(suite);
    held.release();
    await assertKilled(place, task);
    assert.equal(await place.latest(repository), 1);
    await place.assertUnits(repository, first);
    await assertWhole(suite);
    assertCompleted(await place.sync(repository, remote, upstream!.additive ?? {}));
    assert.equal(await place.latest(repository), 2);
    const units = await place.units(repository);
    for (const { path } of [kept, after, added]) assert.ok(units.has(path), path);
  });

  suite.check(
    'deaths: a worker killed in the middle of a publish',
    ['publications', 'distributions'],
    async (place) => {
      const units = [kept, removed];
      const repository = await place.holding(units);
      await installHold(suite);
      const body = { repository: repository.pulp_href };
      let task = '';
      await suite.db.transaction(async (tx) => {
        await tx.run(sql`select pg_advisory_xact_lock(${HOLD}::bigint)`);
        task = await place.start('POST', place.list('publication'), body);
        await untilHeld(suite);
        killWorker(suite);
      });
      await assertKilled(place, task);
      assert.equal(await place.count(place.list('publication')), 0);
      await assertWhole(suite);
      await removeHold(suite);
      const publication = await place.publication(repository);
      await place.assertServed(await place.distribute({ publication: publication.pulp_href }), units);
    },
  );
}

/** SIGKILL for the worker and the process that runs its tasks; the server starts another. */
function killWorker({ server }: Suite): void {
  killAll(processTree(findBelow(server.process.pid!, 'main.ts worker')));
}

async function assertKilled(place: Place, href: string): Promise<void> {
  const task: Json = await place.ended(href);
  assert.equal(task.state, 'failed', JSON.stringify(task));
  assert.equal(task.error.reason ?? task.error.description, 'Worker has gone missing.');
}

/** No version and no publication is incomplete. */
async function assertWhole({ db }: Suite): Promise<void> {
  const rows = await db.rows(sql`select 'version ' || pulp_id as what from repository_version where not complete
    union all select 'publication ' || pulp_id from publication where not complete`);
  assert.deepEqual(rows, []);
}

/** Publications wait for the lock in the moment in which they become complete: the last one at which a death can undo them. */
async function installHold({ db }: Suite): Promise<void> {
  await db.run(
    sql`create or replace function hold_publication() returns trigger language plpgsql as ${sql.raw(
      `'begin perform pg_advisory_xact_lock_shared(${HOLD}); return new; end'`,
    )}`.unprepared,
  );
  await db.run(
    sql`create trigger hold_publication before update on publication for each row when (new.complete and not old.complete)
      execute function hold_publication()`.unprepared,
  );
}

async function removeHold({ db }: Suite): Promise<void> {
  await db.run(sql`drop trigger hold_publication on publication`.unprepared);
}

async function untilHeld({ db }: Suite): Promise<void> {
  for (const end = Date.now() + 60_000; ; ) {
    const waiting = await db.rows(sql`select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())
      and (classid::bigint << 32) + objid::bigint = ${HOLD}::bigint`);
    if (waiting.length > 0) return;
    assert.ok(Date.now() < end, 'the publication is not about to be completed');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
