/** Property test of the queue over several worker processes, some of them killed: `TASKS=5000 node --test …` for a long one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { type Member, until, useCluster } from './cluster.ts';

const total = Number(process.env.TASKS ?? 600);
const seed = Number(process.env.SEED ?? Date.now() % 100_000);
const kills = Math.max(3, Math.round(total / 250));
// Long enough that none but the killed is taken for missing on a busy machine; the killed are seen at once.
const c = await useCluster({ 'worker-ttl': 30 });

/** Workers bring schedules of their own. */
const ours = sql`name like 'pulpcore.app.tasks.test.%'`;

let state = seed >>> 0;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

function randomLocks(): { exclusive: string[]; shared: string[] } {
  const exclusive = names.filter(() => random() < 0.07);
  return { exclusive, shared: names.filter((name) => !exclusive.includes(name) && random() < 0.15) };
}

/** The database itself notes every move of a task, whoever makes it. */
async function noteMoves(): Promise<void> {
  for (const text of [
    'create table move (id bigserial, task_id bigint, state text, at timestamptz)',
    `create function note_move() returns trigger language plpgsql as $$ begin
       if tg_op = 'INSERT' or new.state <> old.state then
         insert into move (task_id, state, at) values (new.id, new.state, clock_timestamp());
       end if;
       return null; end $$`,
    'create trigger note_move after insert or update on task for each row execute function note_move()',
  ])
    await c.db.run(sql.raw(text).unprepared);
}

async function dispatchAll(): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < total) {
    const some = Array.from({ length: 8 }, () => {
      const { exclusive, shared } = randomLocks();
      return c.dispatch(random() < 0.1 ? 'sleep' : 'dummy_task', { interval: random() * 0.2 }, exclusive, shared);
    });
    ids.push(...(await Promise.all(some)));
  }
  return ids;
}

/** Kills one worker after the other while tasks run; another takes its place. Some come back under the same name. */
async function killSome(workers: Member[], done: () => Promise<number>): Promise<void> {
  for (let n = 1; n <= kills; n++) {
    const target = (total * n) / (kills + 1);
    await until(`${target} tasks have ended`, async () => (await done()) >= target, 300);
    const at = Math.floor(random() * workers.length);
    if (random() < 0.3) workers[at]!.killAlone();
    else workers[at]!.kill();
    workers[at] = await c.spawn('worker', at === 0 ? { 'worker-name-template': 'fixed' } : {});
  }
}

test(`${total} tasks, ${kills} kills, seed ${seed}: no conflict, in order, nobody starves, nothing lost or doubled`, async () => {
  await noteMoves();
  const workers = [
    await c.start('worker', { 'worker-name-template': 'fixed' }),
    await c.start('worker'),
    await c.start('worker'),
  ];
  const done = async () =>
    (await c.db.row<{ n: number }>(sql`select count(*)::int as n from task where finished_at is not null and ${ours}`))!
      .n;
  const [ids] = await Promise.all([dispatchAll(), killSome(workers, done)]);
  await until('all have ended', async () => (await done()) === ids.length, 120);

  const states = await c.db.rows<{ state: string; reason: string | null; n: number }>(sql`
    select state, error ->> 'reason' as reason, count(*)::int as n from task where ${ours} group by 1, 2`);
  const failed = states.filter((one) => one.state !== 'completed');
  for (const one of failed) assert.equal(one.reason, 'Worker has gone missing.', JSON.stringify(states));
  assert.ok(failed.reduce((sum, one) => sum + one.n, 0) <= kills, JSON.stringify(states));

  // Nothing lost, nothing doubled: each was taken once and ended once.
  const doubled = await c.db.rows(sql`
    select task_id from move group by task_id having count(*) filter (where state = 'running') <> 1
      or count(*) filter (where state in ('completed', 'failed', 'canceled')) <> 1`);
  assert.deepEqual(doubled, []);

  // No two that conflict at once, and each name in the order of the queue: whoever is behind starts when the other has ended.
  const wrong = await c.db.rows(sql`
    with held as (
      select id, started_at, finished_at, lock_ not like 'shared:%' as alone, regexp_replace(lock_, '^shared:', '') as name
        from task, unnest(reserved_resources_record) as lock_ where lock_ not like '%prn:core.domain:%'
    )
    select a.id as earlier, b.id as later, a.name from held a
      join held b on b.name = a.name and b.id > a.id and (a.alone or b.alone)
      where b.started_at < a.finished_at limit 5`);
  assert.deepEqual(wrong, []);
  assert.equal(await c.db.row(sql`select from task_resource`), undefined);

  // Nobody starves: what was free to run was taken before many that came later.
  const overtaken = await c.db.row<{ most: number }>(sql`
    select max((select count(*) from task later where later.id > t.id
      and later.started_at between t.unblocked_at and t.started_at))::int as most from task t`);
  assert.ok(overtaken!.most <= workers.length + kills, `${overtaken!.most} later tasks went first`);
  c.killAll();
});
