import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { saveUnits } from '../../src/engines/repository/save-units.ts';
import { unitOf } from '../../src/engines/repository/unit-of.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import type { PublishContext, UnitsOptions } from '../../src/plugin-api/contracts/publish.ts';
import type { Version } from '../../src/plugin-api/contracts/version.ts';
import { createParcelTables, PARCELS, PUBLISH_PARCELS, parcel, parcelPlugin } from '../support/parcel-type.ts';
import { MODIFY, useWorld } from './world.ts';

let publishing: (context: PublishContext) => Promise<void> = async () => {};
const world = await useWorld({}, [parcelPlugin([{}], (context) => publishing(context))]);
await createParcelTables(world.db);

/** A version with parcels of these names and editions; those with bytes have them at two paths. */
async function versionOf(parcels: readonly [string, number][], bytes?: string): Promise<Version> {
  const artifact = bytes === undefined ? undefined : await world.artifact(bytes);
  const row =
    artifact && (await world.db.row<{ id: number }>(sql`select id from artifact where pulp_id = ${artifact}`));
  const units = parcels.map(([name, edition]) => {
    const path = `${name}-${edition}`;
    const places = row ? [path, `${path}.copy`] : [path];
    const artifacts = places.map((relativePath) => ({ relativePath, ...(row && { artifactId: row.id }) }));
    return unitOf({ type: parcel, values: { name, arch: `${edition}`, edition, path }, artifacts });
  });
  const saved = await world.db.transaction((tx) => saveUnits(tx, world.domain.id, units));
  const repository = await world.repository({ pulpType: PARCELS });
  await world.run(MODIFY, { repository: repository.pulpId, add_content_units: saved.map(({ pulpId }) => pulpId) });
  return await latestVersion(world.db, repository.id);
}

async function publish(version: Version, build: typeof publishing): Promise<string> {
  publishing = build;
  return (await world.run(PUBLISH_PARCELS, { repository_version: version.pulpId })).result!.id;
}

async function published(pulpId: string): Promise<Record<string, string>> {
  const rows = await world.db.rows<{ path: string; sha256: string }>(sql`
    select pa.relative_path as path, encode(a.sha256, 'hex') as sha256 from published_artifact pa
      left join content_artifact ca on ca.id = pa.content_artifact_id
      join artifact a on a.id = coalesce(pa.artifact_id, ca.artifact_id) where pa.publication_id = ${pulpId} order by 1`);
  return Object.fromEntries(rows.map(({ path, sha256 }) => [path, sha256]));
}

const sha256 = (text: string) => hash('sha256', text);

test('files written in one pass are named by their digests, also under several paths', async () => {
  const version = await versionOf([
    ['b', 1],
    ['a', 2],
    ['a', 1],
  ]);
  let md5: string | undefined;
  const id = await publish(version, async (context) => {
    const primary = context.openFile({ digests: ['md5'] });
    const other = context.openFile();
    for await (const units of context.units(parcel, { order: ['name', 'edition'], batch: 2 })) {
      for (const { values } of units) {
        await primary.write(`${values.name} ${values.edition}\n`);
        await other.write(Buffer.from(`${values.path};`));
      }
    }
    const file = await primary.close();
    md5 = file.digests.md5;
    assert.equal(file.size, 12);
    primary.commit(`meta/${file.digests.sha256}-primary`, 'meta/primary');
    other.commit(`meta/${(await other.close()).digests.sha256}-other`);
  });
  const [primary, other] = [sha256('a 1\na 2\nb 1\n'), sha256('a-1;a-2;b-1;')];
  assert.deepEqual(await published(id), {
    'meta/primary': primary,
    [`meta/${primary}-primary`]: primary,
    [`meta/${other}-other`]: other,
  });
  assert.equal(md5, hash('md5', 'a 1\na 2\nb 1\n'));
  const kept = await world.db.row(sql`select md5 from artifact where sha256 = ${`\\x${primary}`}::bytea`);
  assert.deepEqual(kept, { md5: null }, 'digests of one file are not those this server keeps');
});

test('a publication has other versions below directories, and bytes of units under other paths', async () => {
  const inner = await versionOf([['inner', 1]], 'inner bytes');
  const outer = await versionOf([['outer', 1]], 'outer bytes');
  const tree = async (context: PublishContext) => {
    const names: string[] = [];
    for await (const units of context.units(parcel)) {
      for (const { values, artifacts } of units) {
        names.push(`${values.name}`);
        context.addArtifact(`Packages/${values.name}`, artifacts[0]!.contentArtifactId);
      }
    }
    await context.addFile('list', names);
  };
  const id = await publish(outer, async (context) => {
    await tree(context);
    await tree(context.below('Server/', inner).below('os/'));
    const writer = context.below('Server/').openFile();
    await writer.write('state');
    await writer.close();
    writer.commit('state');
  });
  assert.deepEqual(await published(id), {
    'Packages/outer': sha256('outer bytes'),
    list: sha256('outer'),
    'Server/os/Packages/inner': sha256('inner bytes'),
    'Server/os/list': sha256('inner'),
    'Server/state': sha256('state'),
  });
});

test('units are read in an order of their values, by a condition, with the columns and bytes asked for', async () => {
  const names = Array.from({ length: 25 }, (_, at): [string, number] => [`n${(at * 7) % 5}`, at]);
  const version = await versionOf(names, 'same');
  const empty = await versionOf([['alone', 1]]);
  let read: (options: UnitsOptions & { version?: Version }) => Promise<unknown[]> = async () => [];
  await publish(empty, async (context) => {
    read = async (options) => {
      const paths: unknown[] = [];
      for await (const units of context.units(parcel, { batch: 4, ...options })) {
        assert.ok(units.length > 0 && units.length <= 4);
        paths.push(...units.map(({ values }) => values.path));
      }
      return paths;
    };
    const sorted = names
      .toSorted(([left, one], [right, other]) => (left === right ? other - one : left < right ? -1 : 1))
      .map(([name, edition]) => `${name}-${edition}`);
    const order = ['name', sql.raw('d.edition desc')];
    assert.deepEqual(await read({ version, order }), sorted);
    const few = { version, order, where: sql`d.edition < ${3}` };
    assert.deepEqual(
      await read(few),
      sorted.filter((path) => Number(path.split('-')[1]) < 3),
    );
    assert.deepEqual(
      await read({ version }),
      names.map(([name, edition]) => `${name}-${edition}`).reverse(),
      'newest first',
    );
    assert.deepEqual(await read({ version: { ...version, number: 0 }, order }), []);
    assert.deepEqual(await read({}), ['alone-1']);
    const [units] = await Array.fromAsync(context.units(parcel, { ...few, columns: ['edition'], digests: ['sha256'] }));
    assert.deepEqual(
      units!.map(({ values, artifacts }) => [values, artifacts.map(({ size, digests }) => [size, digests])]),
      ['n0-0', 'n2-1', 'n4-2'].map((path) => [
        { edition: Number(path.split('-')[1]) },
        [
          [4, { sha256: sha256('same') }],
          [4, { sha256: sha256('same') }],
        ],
      ]),
    );
    assert.deepEqual(
      units![0]!.artifacts.map(({ relativePath }) => relativePath),
      ['n0-0', 'n0-0.copy'],
    );
    const [bare] = await Array.fromAsync(context.units(parcel, { ...few, artifacts: false }));
    assert.deepEqual(
      bare!.map(({ artifacts }) => artifacts),
      [[], [], []],
    );
  });
});

test('what is not committed is dropped, and a file given up, cut off or too early named is none', async () => {
  const version = await versionOf([['a', 1]]);
  const id = await publish(version, async (context) => {
    await context.openFile().write('never closed');
    const closed = context.openFile();
    await closed.write('closed');
    assert.throws(() => closed.commit('early'), /closed/);
    await closed.close();
    const given = context.openFile();
    for (let at = 0; at < 40; at++) await given.write(Buffer.alloc(64 * 1024, at));
    await given.cancel();
    await assert.rejects(given.write(Buffer.from('more')), /given up/);
    await context.addFile('kept', ['kept']);
    await assert.rejects(context.addFile('../out', ['x']), Error);
  });
  assert.deepEqual(await published(id), { kept: sha256('kept') });
  assert.deepEqual(world.temporaryFiles(), []);
  const failing = publish(version, async (context) => {
    const writer = context.openFile();
    await writer.write('text');
    await writer.close();
    writer.commit('file');
    await context.openFile().write('open');
    throw new Error('no more');
  });
  await assert.rejects(failing, /no more/);
  assert.deepEqual(world.temporaryFiles(), []);
});

test('a large file is written while the store takes it', async () => {
  const version = await versionOf([['a', 1]]);
  const piece = 'x'.repeat(1000);
  const id = await publish(version, async (context) => {
    const writer = context.openFile();
    for (let at = 0; at < 5000; at++) await writer.write(piece);
    assert.equal((await writer.close()).size, 5_000_000);
    writer.commit('large');
  });
  assert.deepEqual(await published(id), { large: sha256(piece.repeat(5000)) });
});

async function signingService(script: string): Promise<string> {
  const pulpId = uuid7();
  const path = join(world.root, `sign-${pulpId}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await world.db.run(sql`insert into signing_service (pulp_id, name, class, script, public_key, pubkey_fingerprint)
    values (${pulpId}, ${pulpId}, 'core:AsciiArmoredDetachedSigningService', ${path}, '', 'F00')`);
  return pulpId;
}

test('files are signed under their names, and what the program makes is published', async () => {
  const version = await versionOf([['a', 1]]);
  const service = await signingService(
    `echo "$PULP_SIGNING_KEY_FINGERPRINT $EXTRA $(cat "$1")" > "$1.asc"; echo "{\\"signature\\": \\"$1.asc\\", \\"name\\": \\"$(basename "$1")\\"}"`,
  );
  const id = await publish(version, async (context) => {
    const file = await context.addFile('repomd.xml', ['metadata']);
    const signed = await context.sign(service, file, { name: 'repomd.xml', env: { EXTRA: 'extra' } });
    assert.equal(signed.answer.name, 'repomd.xml');
    await context.addFile('repomd.xml.asc', await signed.receive(signed.answer.signature));
    await assert.rejects(signed.receive(signed.answer.key), /has made no file undefined for repomd\.xml/);
  });
  const files = await published(id);
  assert.equal(files['repomd.xml.asc'], sha256('F00 extra metadata\n'));
  const empty = await signingService(`: > "$1.asc"; echo "{\\"signature\\": \\"$1.asc\\"}"`);
  await assert.rejects(
    publish(version, async (context) => {
      const signed = await context.sign(empty, await context.addFile('x', ['x']), { name: 'x' });
      await signed.receive(signed.answer.signature);
    }),
    /PLP0021/,
  );
  assert.deepEqual(world.temporaryFiles(), []);
});
