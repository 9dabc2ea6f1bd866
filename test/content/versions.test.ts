import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { protectedVersions, trimVersions } from '../../src/model/repositories/protected-versions.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import { DELETE_VERSION, entry, MODIFY, type Run, type TestRepository, useWorld } from './world.ts';

const world = await useWorld();

const modify = (
  repository: TestRepository,
  add: readonly string[],
  remove: readonly string[] = [],
  more: object = {},
): Promise<Run> =>
  world.run(MODIFY, { repository: repository.pulpId, add_content_units: add, remove_content_units: remove, ...more });

async function unit(path: string, text: string): Promise<string> {
  return (await world.upload(path, text)).result!.id;
}

async function versionId(repository: TestRepository, number: number): Promise<string> {
  const row = await world.db.row<{ pulp_id: string }>(
    sql`select pulp_id from repository_version where repository_id = ${repository.id} and number = ${number}`,
  );
  return row!.pulp_id;
}

test('units are added and removed; no change makes no version and uses up no number', async () => {
  const repository = await world.repository();
  const [a, b] = [await unit('a.txt', 'a'), await unit('b.txt', 'b')];
  await modify(repository, [a, b]);
  assert.equal((await modify(repository, [a])).result, null);
  assert.equal((await modify(repository, [a], [a])).result, null);
  await modify(repository, [], [a]);
  assert.deepEqual(await world.paths(repository), [entry('b.txt', 'b')]);
  await modify(repository, [a], ['*']);
  assert.deepEqual(await world.paths(repository), [entry('a.txt', 'a')]);
  assert.deepEqual((await world.versions(repository)).map(({ number, counts }) => [number, counts]).at(-1), [
    3,
    { added: { 'file.file': 1 }, removed: { 'file.file': 1 }, present: { 'file.file': 1 } },
  ]);
});

test('a version can start from an older one', async () => {
  const repository = await world.repository();
  const [a, b, c] = [await unit('a.txt', 'a'), await unit('b.txt', 'b'), await unit('c.txt', 'c')];
  await modify(repository, [a]);
  await modify(repository, [b], [a]);
  await modify(repository, [c], [], { base_version: await versionId(repository, 1) });
  assert.deepEqual(await world.paths(repository), [entry('a.txt', 'a'), entry('c.txt', 'c')]);
  assert.equal((await modify(repository, [], [], { base_version: await versionId(repository, 3) })).result, null);
});

test('an added unit replaces one with its key, unless that is refused', async () => {
  const repository = await world.repository();
  const [old, fresh] = [await unit('k.txt', 'old'), await unit('k.txt', 'fresh')];
  await modify(repository, [old]);
  await assert.rejects(modify(repository, [fresh], [], { overwrite: false }), (error: Error) => {
    assert.equal(
      error.message,
      "[PLP0023] Content overwrite rejected: new content of type 'file.file' would overwrite 1 existing content unit(s) in the " +
        `repository with the same unique key. Conflicting content (incoming->existing): [${fresh}->${old}]`,
    );
    return true;
  });
  assert.equal((await modify(repository, [old], [], { overwrite: false })).result, null);
  await modify(repository, [fresh]);
  assert.deepEqual(await world.paths(repository), [entry('k.txt', 'fresh')]);
  // The old one was there before, so it counts as kept, and the other replaces it.
  await modify(repository, [fresh, old]);
  assert.deepEqual(await world.paths(repository), [entry('k.txt', 'old')]);
});

test('two added units with one key are refused', async () => {
  const repository = await world.repository();
  const units = [await unit('d.txt', '1'), await unit('d.txt', '2')];
  await assert.rejects(
    modify(repository, units),
    /^PulpError: \[PLP0022\] Found 1 duplicate contents in repository version/,
  );
  assert.equal((await world.versions(repository)).length, 1);
});

test('paths may not nest, in whichever order they come', async () => {
  const repository = await world.repository();
  const [file, below, deep] = [await unit('p/x', '1'), await unit('p/x/y', '2'), await unit('p/x/y/z/w', '3')];
  await modify(repository, [file]);
  const message = (path: string, other: string) =>
    `Repository version errors : Path errors found. \nThe path for file '${path}' overlaps: ${other}`;
  await assert.rejects(modify(repository, [below]), { message: message('p/x/y', 'p/x') });
  await assert.rejects(modify(repository, [deep]), { message: message('p/x/y/z/w', 'p/x') });
  await modify(repository, [deep], [file]);
  await assert.rejects(modify(repository, [below]), { message: message('p/x/y/z/w', 'p/x/y') });
  await modify(repository, [await unit('p/x-y', '4'), await unit('p/x0', '5')]);
});

test('the last version cannot be deleted, and numbers are not used again', async () => {
  const repository = await world.repository();
  await modify(repository, [await unit('a.txt', 'a')]);
  await world.run(DELETE_VERSION, { repository_version: await versionId(repository, 1) });
  assert.deepEqual(await world.paths(repository), []);
  await assert.rejects(
    world.run(DELETE_VERSION, { repository_version: await versionId(repository, 0) }),
    /\[PLP0011\] Cannot delete repository version\. Repositories must have at least one repository version\./,
  );
  await modify(repository, [await unit('a.txt', 'a')]);
  assert.equal((await latestVersion(world.db, repository.id)).number, 2);
});

test('old versions are trimmed, protected ones are not counted', async () => {
  const repository = await world.repository({ retain: 2 });
  const ids = [];
  for (let at = 0; at < 6; at++) ids.push(await unit('retain.txt', `retain ${at}`));
  await modify(repository, [ids[0]!]);
  await modify(repository, [ids[1]!]);
  await world.db.run(sql`insert into distribution (pulp_id, domain_id, pulp_type, name, base_path, repository_version_id)
    values (${await versionId(repository, 1)}, ${world.domain.id}, 'file.file', 'kept', 'kept', ${await versionId(repository, 1)})`);
  for (const id of ids.slice(2)) await modify(repository, [id]);
  assert.deepEqual(
    (await world.versions(repository)).map(({ number }) => number),
    [1, 5, 6],
  );
  assert.deepEqual(await world.paths(repository, 1), [entry('retain.txt', 'retain 0')]);
  assert.deepEqual(await world.paths(repository, 5), [entry('retain.txt', 'retain 4')]);
});

test('a distribution of checkpoints protects those alone', async () => {
  const repository = await world.repository();
  for (let at = 1; at <= 3; at++) await modify(repository, [await unit('checked.txt', `checked ${at}`)]);
  const publish = async (number: number, checkpoint: boolean) =>
    await world.db.run(sql`insert into publication (pulp_id, domain_id, pulp_type, repository_version_id, complete, checkpoint)
      values (${uuid7()}, ${world.domain.id}, 'file.file', ${await versionId(repository, number)}, true, ${checkpoint})`);
  const follow = (name: string, checkpoint: boolean) =>
    world.db.run(sql`insert into distribution (pulp_id, domain_id, pulp_type, name, base_path, repository_id, checkpoint)
      values (${uuid7()}, ${world.domain.id}, 'file.file', ${name}, ${name}, ${repository.pulpId}, ${checkpoint})`);
  const kept = async () => [...(await protectedVersions(world.db, repository.id, true))].sort();
  await publish(1, true);
  await publish(2, false);
  assert.deepEqual(await kept(), []);
  await follow('checkpoints', true);
  assert.deepEqual(await kept(), [1]);
  await world.db.transaction((tx) => trimVersions(tx, repository.id, 1, true));
  assert.deepEqual(
    (await world.versions(repository)).map(({ number }) => number),
    [1, 3],
  );
  await publish(3, false);
  await follow('latest', false);
  assert.deepEqual(await kept(), [1, 3]);
});

/** A small generator of numbers, so that a failure can be run again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const seed of [1, 2, 3, 4]) {
  test(`versions keep their content whatever is added, removed and deleted (seed ${seed})`, async () => {
    const next = random(seed);
    const repository = await world.repository();
    const units: { id: string; path: string; text: string }[] = [];
    for (let at = 0; at < 9; at++) {
      const [path, text] = [`f${at % 5}.txt`, `property ${at}`];
      units.push({ path, text, id: await unit(path, text) });
    }
    const model = new Map<number, Set<number>>([[0, new Set()]]);
    let numbers = 1;
    for (let step = 0; step < 40; step++) {
      const known = [...model.keys()].sort((left, right) => left - right);
      const latest = known.at(-1)!;
      if (known.length > 2 && next(4) === 0) {
        const victim = known[next(known.length)]!;
        await world.run(DELETE_VERSION, { repository_version: await versionId(repository, victim) });
        model.delete(victim);
      } else {
        const baseNumber = next(3) === 0 ? known[next(known.length)]! : latest;
        const remove = [0, 1, 2].map(() => next(units.length));
        const everything = next(6) === 0;
        const add = distinctPaths(
          [0, 1, 2].map(() => next(units.length)),
          units,
        );
        const expected = apply(model, latest, baseNumber, everything ? null : remove, add, units);
        const { result } = await modify(
          repository,
          add.map((at) => units[at]!.id),
          everything ? ['*'] : remove.map((at) => units[at]!.id),
          {
            base_version: baseNumber === latest ? null : await versionId(repository, baseNumber),
          },
        );
        const changed = !same(expected, model.get(latest)!);
        assert.equal(result !== null, changed, `step ${step}`);
        if (changed) model.set(numbers++, expected);
      }
      await compare(repository, model, units);
    }
  });
}

function distinctPaths(chosen: readonly number[], units: readonly { path: string }[]): number[] {
  return [...new Map(chosen.map((at) => [units[at]!.path, at])).values()];
}

/** Added are those that the base does not have; they push out what has their path. */
function apply(
  model: Map<number, Set<number>>,
  latest: number,
  base: number,
  remove: readonly number[] | null,
  add: readonly number[],
  units: readonly { path: string }[],
): Set<number> {
  const content = new Set(model.get(base)!);
  for (const at of remove ?? model.get(latest)!) content.delete(at);
  for (const at of add) content.add(at);
  const fresh = [...content].filter((at) => !model.get(base)!.has(at));
  for (const at of fresh) {
    for (const other of [...content]) if (other !== at && units[other]!.path === units[at]!.path) content.delete(other);
  }
  return content;
}

function same(left: Set<number>, right: Set<number>): boolean {
  return left.size === right.size && [...left].every((at) => right.has(at));
}

async function compare(
  repository: TestRepository,
  model: Map<number, Set<number>>,
  units: readonly { path: string; text: string }[],
) {
  const versions = await world.versions(repository);
  assert.deepEqual(
    versions.map(({ number }) => number),
    [...model.keys()].sort((left, right) => left - right),
  );
  let before = new Set<number>();
  for (const { number, counts } of versions) {
    const content = model.get(number)!;
    const expected = [...content].map((at) => entry(units[at]!.path, units[at]!.text)).sort();
    assert.deepEqual(await world.paths(repository, number), expected, `version ${number}`);
    assert.deepEqual(
      counts,
      {
        added: count([...content].filter((at) => !before.has(at)).length),
        removed: count([...before].filter((at) => !content.has(at)).length),
        present: count(content.size),
      },
      `counts of version ${number}`,
    );
    before = content;
  }
}

function count(units: number): object {
  return units === 0 ? {} : { 'file.file': units };
}
