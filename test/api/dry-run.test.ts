/** `dry_run` of every destructive act tells exactly what the act then does, and does nothing itself. Driven by the declarations. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listPath } from '../../src/api/engine/routes.ts';
import { sql } from '../../src/db/sql.ts';
import { INTERNAL, modelOfTable } from '../../src/model/deleted-rows.ts';
import { fillWorld } from '../access/full-world.ts';
import { idOf, unit } from '../access/world.ts';
import type { TestApi } from '../support/api.ts';
import { program } from '../support/program.ts';
import { useRunningServer } from '../support/running-server.ts';

type Counts = Record<string, number>;

const { models } = program;

const running = await useRunningServer({
  allowed_export_paths: [tmpdir()],
  envvar_header_content_guard_allowed_vars: ['ALLOWED'],
});
const { db } = running;
const call = (method: string, path: string, body?: unknown) => running.call(method, path, body);
const api = {
  origin: running.server.url,
  db,
  call,
  services: { settings: { allowedExportPaths: [tmpdir()] }, db },
} as unknown as TestApi;
await fillWorld(api);
// what its schedule and its tasks make must not come between two looks at the rows
await db.run(sql`update task_schedule set next_dispatch = now() + interval '1 day'`);
while ((await running.call('GET', 'tasks/?state__in=waiting,running&limit=1')).body.count > 0) await sleep(50);

test('what goes is counted by the names of the models', () => {
  const names = {
    app_user: 'auth.User',
    role_assignment: 'core.UserRole',
    repository_version: 'core.RepositoryVersion',
    export: 'core.Export',
    file_content: 'file.FileContent',
    python_package: 'python.PythonPackageContent',
    python_blocklist_entry: 'python.PythonBlocklistEntry',
  };
  for (const [table, name] of Object.entries(names)) assert.equal(modelOfTable(models, table), name);
});

/** What goes on by itself, and what the tasks of this test leave. */
const RESTLESS = new Set([...INTERNAL, 'task', 'progress_report', 'app_status', 'content_count', 'login_failure']);

async function rowCounts(): Promise<Counts> {
  const tables = await db.rows<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const counts: Counts = {};
  for (const { name } of tables.filter((one) => !RESTLESS.has(one.name))) {
    counts[name] = (await db.row<{ n: number }>(sql`select count(*) as n from ${sql.ident(name)}`))!.n;
  }
  return counts;
}

/** The act's own account of itself: the body of the answer, or the result of its task. */
async function act(method: string, path: string, body?: object): Promise<{ status: number; told: Counts }> {
  const reply = await call(method, path, body);
  if (reply.status !== 202) return { status: reply.status, told: reply.body };
  const task = await running.ended(reply.body.task);
  assert.equal(task.state, 'completed', `${path} ${JSON.stringify(task.error)}`);
  return { status: 202, told: task.result };
}

/** Rows that went, by the names of models. */
function gone(before: Counts, after: Counts): Counts {
  const lost = Object.entries(before).filter(([table, count]) => after[table]! < count);
  return Object.fromEntries(lost.map(([table, count]) => [modelOfTable(models, table), count - after[table]!]));
}

async function compareDeletion(href: string): Promise<void> {
  const before = await rowCounts();
  const foreseen = await act('DELETE', `${href}?dry_run=true`);
  assert.deepEqual(await rowCounts(), before, `${href}: a dry run changes nothing`);
  if (foreseen.status >= 400) {
    assert.equal((await call('DELETE', href)).status, foreseen.status, `${href}: refused like the act itself`);
    assert.deepEqual(await rowCounts(), before);
    return;
  }
  assert.ok([200, 202].includes(foreseen.status));
  const done = await act('DELETE', href);
  if (foreseen.status === 200) assert.equal(done.status, 204);
  else if (done.told) assert.deepEqual(done.told, foreseen.told, href);
  const lost = gone(before, await rowCounts());
  assert.notDeepEqual(lost, {}, href);
  // a detail is told beside its master, which is the row
  for (const [model, count] of Object.entries(lost)) assert.equal(foreseen.told[model], count, `${href} ${model}`);
  const rest = Object.entries(foreseen.told).filter(([model]) => !(model in lost));
  for (const [model, count] of rest) assert.equal(count, 1, `${href} ${model}`);
  assert.ok(rest.length <= 1, `${href}: ${JSON.stringify(rest)}`);
}

async function anyOf(list: string): Promise<string | undefined> {
  const { body } = await call('GET', `${list}?limit=1`);
  return body.results?.[0]?.pulp_href;
}

/** Nested ones and what others refer to first: so that most can be deleted. */
const RANK = [
  'users/*',
  'groups/*',
  '/*/',
  'vuln',
  'acs',
  'distributions',
  'publications',
  'upstream',
  'exporters',
  'importers',
  'repositories',
  'remotes',
];
const rank = (path: string) => RANK.findIndex((part) => path.includes(part)) + 1 || 99;
const deletable = program.resources.filter(({ operations }) => operations.delete && operations.list);

for (const { model, ...resource } of deletable.sort((a, b) => rank(a.model.path) - rank(b.model.path))) {
  if (model.path === 'groups/*/users' || model.table === 'task') continue;
  test(`deleting one of ${model.path}`, async () => {
    const [parents] = listPath({ model, ...resource }).split(':parent/');
    const parent = model.path.includes('/*/') ? await anyOf(parents!) : undefined;
    const list = parent ? parent + listPath({ model, ...resource }).split(':parent/')[1]! : `${model.path}/`;
    const href = await anyOf(list);
    assert.ok(href, `full-world.ts has to make one of ${model.path}`);
    await compareDeletion(href);
  });
}

test('a member of a group', async () => {
  const [group, user] = [
    await running.create('groups/', {}),
    await running.create('users/', { username: 'member', name: undefined }),
  ];
  await call('POST', `${group.pulp_href}users/`, { username: 'member' });
  const href = `${group.pulp_href}users/${user.id}/`;
  assert.deepEqual(await call('DELETE', `${href}?dry_run=true`), { status: 200, body: { 'core.User_groups': 1 } });
  assert.equal((await call('DELETE', href)).status, 204);
});

test('a version, and a repository with versions and publications', async () => {
  const repository = await running.create('repositories/file/file/', {});
  const units = [await unit(api), await unit(api)];
  const modify = (body: object) => act('POST', `${repository.pulp_href}modify/`, body);
  for (const href of units) await modify({ add_content_units: [href] });
  await act('POST', 'publications/file/file/', { repository: repository.pulp_href });
  await compareDeletion(`${repository.pulp_href}versions/1/`);
  await compareDeletion(repository.pulp_href);
});

test('content taken out of a repository, with the old versions that go', async () => {
  const repository = await running.create('repositories/file/file/', { retain_repo_versions: 1, autopublish: true });
  const units = [await unit(api), await unit(api)];
  const modify = (body: object) => act('POST', `${repository.pulp_href}modify/`, body);
  await modify({ add_content_units: units });
  const before = await rowCounts();
  const body = { remove_content_units: [units[0]] };
  const foreseen = await modify({ ...body, dry_run: true });
  assert.deepEqual(foreseen.told as unknown, {
    added: {},
    removed: { 'file.file': 1 },
    present: { 'file.file': 1 },
    deleted_versions: 1,
  });
  assert.deepEqual(await rowCounts(), before);
  await modify(body);
  const { body: left } = await call('GET', `content/file/files/?repository_version=${repository.pulp_href}`);
  assert.deepEqual(
    left.results.map((one: { pulp_href: string }) => one.pulp_href),
    [units[1]],
  );
  const { body: versions } = await call('GET', `${repository.pulp_href}versions/`);
  assert.equal(versions.count, 1);
  const nothing = await modify({ remove_content_units: [units[0]], dry_run: true });
  assert.deepEqual(nothing.told as unknown, { added: {}, removed: {}, present: {}, deleted_versions: 0 });
});

test('orphans, also by the deprecated way', async () => {
  await unit(api);
  await db.run(sql`update content set timestamp_of_interest = now() - interval '1 year'`);
  await db.run(sql`update artifact set timestamp_of_interest = now() - interval '1 year'`);
  const before = await rowCounts();
  const foreseen = await act('POST', 'orphans/cleanup/', { orphan_protection_time: 0, dry_run: true });
  const unasked = await act('DELETE', 'orphans/?dry_run=true');
  assert.deepEqual(unasked.told, foreseen.told);
  assert.deepEqual(await rowCounts(), before);
  await act('POST', 'orphans/cleanup/', { orphan_protection_time: 0 });
  const lost = gone(before, await rowCounts());
  const { content, artifacts } = foreseen.told as unknown as { content: Counts; artifacts: number };
  assert.equal(
    Object.values(content).reduce((sum, count) => sum + count, 0),
    lost['core.Content'],
  );
  assert.equal(artifacts, lost['core.Artifact'] ?? 0);
  assert.ok(artifacts > 0);
});

test('tasks', async () => {
  const finished = { finished_before: new Date(Date.now() + 60_000).toISOString(), states: ['completed'] };
  const count = async (table: string) =>
    (await db.row<{ n: number }>(sql`select count(*) as n from ${sql.ident(table)}`))!.n;
  const before = await count('task');
  const foreseen = await act('POST', 'tasks/purge/', { ...finished, dry_run: true });
  assert.equal(await count('task'), before + 1);
  await act('POST', 'tasks/purge/', finished);
  // the dry run's own task had not ended when it counted, the purge's neither
  assert.equal(before + 2 - (await count('task')), foreseen.told['core.Task']! + 1);
  const href = await anyOf('tasks/');
  assert.equal((await call('DELETE', `${href}?dry_run=true`)).body['core.Task'], 1);
  assert.equal((await call('DELETE', href!)).status, 204);
  assert.ok(idOf(href!));
});
