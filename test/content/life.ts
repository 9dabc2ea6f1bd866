/** Random acts over repositories of a world, each done to the database and to the model, and both compared. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deleteRow } from '../../src/api/engine/write-rows.ts';
import { sql } from '../../src/db/sql.ts';
import { digestsOf, sha256Of } from '../../src/lib/crypto/digest.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { protectedVersions, trimVersions } from '../../src/model/repositories/protected-versions.ts';
import { trimCheckpoints } from '../../src/model/repositories/publication.ts';
import { type Held, ModelRepository, pathOf, reclaimable, textOf, type Unit } from './life-model.ts';
import { manifestOf, type Upstream } from './upstream.ts';
import { DELETE_VERSION, MODIFY, ORPHANS, PUBLISH, type TestRepository, type World } from './world.ts';

const RECLAIM = 'pulpcore.app.tasks.reclaim_space.reclaim_space';
const REPAIR = 'pulpcore.app.tasks.repository.repair_all_artifacts';
const PATHS = 6;
const TEXTS = 9;
const MOST_REPOSITORIES = 4;

interface Pair {
  readonly real: TestRepository;
  readonly model: ModelRepository;
}

export class Life {
  readonly #world: World;
  readonly #upstream: Upstream;
  readonly #next: (below: number) => number;
  readonly #remotes: { id: string; directory: string }[] = [];
  readonly #pairs: Pair[] = [];
  /** Every act so far, for the message of a failure. */
  readonly acts: string[] = [];

  constructor(world: World, upstream: Upstream, next: (below: number) => number) {
    this.#world = world;
    this.#upstream = upstream;
    this.#next = next;
  }

  async begin(name: string): Promise<void> {
    for (const policy of ['immediate', 'on_demand']) {
      const directory = `${name}-${policy}`;
      const url = this.#upstream.publish(directory, {});
      this.#remotes.push({ directory, id: await this.#world.remote(url, policy) });
    }
    await this.#addRepository();
  }

  async step(): Promise<void> {
    const acts = [
      this.#upload,
      this.#upload,
      this.#sync,
      this.#sync,
      this.#modify,
      this.#modify,
      this.#modify,
      this.#deleteVersion,
      this.#deleteVersion,
      this.#publish,
      this.#publish,
      this.#retain,
      this.#retainCheckpoints,
      this.#distribute,
      this.#distribute,
      this.#undistribute,
      this.#unpublish,
      this.#addRepository,
      this.#deleteRepository,
      this.#cleanUp,
      this.#reclaim,
      this.#repair,
    ];
    const held = await this.#held();
    const told = await acts[this.#next(acts.length)]!.call(this);
    this.acts.push(told);
    await this.compare();
    await this.#noByteLost(held, told);
  }

  /** Deletes everything; nothing may be left then. */
  async end(): Promise<void> {
    for (const { model, real } of this.#pairs) {
      for (const { id } of model.distributions) await this.#delete('distribution', id);
      await this.#delete('repository', real.pulpId);
    }
    this.#pairs.length = 0;
    for (const { id } of this.#remotes) await this.#delete('remote', id);
    await this.#world.run(ORPHANS, { orphan_protection_time: 0 });
    const tables = [
      'content',
      'file_content',
      'content_artifact',
      'artifact',
      'remote_artifact',
      'repository',
      'repository_version',
      'repository_content',
      'publication',
      'published_artifact',
      'distribution',
      'distributed_publication',
    ];
    for (const table of tables) assert.equal(await this.#world.count(table), 0, `rows left in ${table}`);
    const counted = await this.#world.db.row<{ units: number }>(
      sql`select coalesce(sum(units), 0)::int as units from content_count`,
    );
    assert.equal(counted!.units, 0);
    assert.deepEqual(filesBelow(join(this.#world.root, 'artifact')), []);
    assert.deepEqual(this.#world.temporaryFiles(), []);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#next(from.length || 1)];
  }
  #unit(): Unit {
    const path = this.#next(PATHS);
    return `d${path % 3}/f${path}.txt=text ${this.#next(TEXTS)}`;
  }
  /** Some units, none with the path of another. */
  #units(most: number): Unit[] {
    const units = Array.from({ length: 1 + this.#next(most) }, () => this.#unit());
    return [...new Map(units.map((unit) => [pathOf(unit), unit])).values()];
  }

  async #addRepository(): Promise<string> {
    if (this.#pairs.length >= MOST_REPOSITORIES) return 'nothing: enough repositories';
    this.#pairs.push({ real: await this.#world.repository(), model: new ModelRepository() });
    return `add repository ${this.#pairs.length - 1}`;
  }

  async #deleteRepository(): Promise<string> {
    if (this.#pairs.length < 2 || this.#next(2) === 0) return 'nothing: the repository is kept';
    const at = this.#next(this.#pairs.length);
    const [pair] = this.#pairs.splice(at, 1);
    await this.#delete('repository', pair!.real.pulpId);
    // what served it stays and serves nothing
    for (const { id } of pair!.model.distributions) await this.#delete('distribution', id);
    return `delete repository ${at}`;
  }

  /** As the task of a DELETE does it. */
  async #delete(table: string, id: string): Promise<void> {
    const pulpType = 'file.file';
    const resource = this.#world.program.resources.find(
      ({ model }) => model.table === table && model.pulpType === pulpType,
    )!;
    const { context } = this.#world.context();
    const row = await context.write((tx) => deleteRow(tx, resource, this.#world.domain, id, context));
    assert.ok(row, `${table} ${id} was there`);
  }

  async #upload(): Promise<string> {
    const unit = this.#unit();
    const pair = this.#next(3) > 0 ? this.#pick(this.#pairs) : undefined;
    await this.#world.upload(pathOf(unit), textOf(unit), pair && { repository: pair.real.pulpId });
    pair?.model.change(pair.model.latest, new Set(), [unit]);
    return `upload ${unit} to ${pair ? this.#pairs.indexOf(pair) : 'nothing'}`;
  }

  async #sync(): Promise<string> {
    const { model, real } = this.#pick(this.#pairs)!;
    const { directory, id } = this.#pick(this.#remotes)!;
    const files = Object.fromEntries(this.#units(4).map((unit) => [pathOf(unit), textOf(unit)]));
    for (const [path, text] of Object.entries(files))
      this.#upstream.files.set(`/${directory}/${path}`, Buffer.from(text));
    this.#upstream.files.set(`/${directory}/PULP_MANIFEST`, Buffer.from(manifestOf(files)));
    const { result } = await this.#world.sync(real, id, { optimize: false });
    const units = Object.entries(files).map(([path, text]) => `${path}=${text}`);
    assert.equal(result !== null, model.change(model.latest, new Set(), units));
    return `sync ${units} from ${directory}`;
  }

  async #modify(): Promise<string> {
    const pair = this.#pick(this.#pairs)!;
    const { model, real } = pair;
    const ids = await this.#ids();
    const known = [...ids.keys()].sort();
    const base = this.#next(3) === 0 ? this.#pick(model.numbers)! : model.latest;
    const everything = this.#next(5) === 0;
    const remove = everything ? model.at(model.latest) : new Set([0, 1].map(() => this.#pick(known)!).filter(Boolean));
    const chosen = [0, 1, 2].map(() => this.#pick(known)!).filter(Boolean);
    const add = [...new Map(chosen.map((unit) => [pathOf(unit), unit])).values()];
    const { result } = await this.#world.run(MODIFY, {
      repository: real.pulpId,
      base_version: base === model.latest ? null : await this.#versionId(real, base),
      remove_content_units: everything ? ['*'] : [...remove].map((unit) => ids.get(unit)!),
      add_content_units: add.map((unit) => ids.get(unit)!),
    });
    assert.equal(result !== null, model.change(base, remove, add));
    return `modify ${this.#pairs.indexOf(pair)} from ${base}: - ${[...remove]} + ${add}`;
  }

  async #deleteVersion(): Promise<string> {
    const { model, real } = this.#pick(this.#pairs)!;
    const { kept } = model;
    assert.deepEqual([...(await protectedVersions(this.#world.db, real.id, true))].sort(), [...kept].sort());
    const number = this.#pick(model.numbers.filter((one) => !kept.has(one)));
    if (number === undefined || model.versions.size < 2) return 'nothing: all versions are in use';
    await this.#world.run(DELETE_VERSION, { repository_version: await this.#versionId(real, number) });
    model.remove(number);
    return `delete version ${number}`;
  }

  async #retain(): Promise<string> {
    const { model, real } = this.#pick(this.#pairs)!;
    model.retain = this.#next(3) === 0 ? null : 1 + this.#next(3);
    await this.#world.db.transaction(async (tx) => {
      await tx.run(sql`update repository set retain_repo_versions = ${model.retain} where id = ${real.id}`);
      if (model.retain !== null) await trimVersions(tx, real.id, model.retain, true);
    });
    model.trim();
    return `retain ${model.retain} versions`;
  }

  async #retainCheckpoints(): Promise<string> {
    const { model, real } = this.#pick(this.#pairs)!;
    model.checkpoints = this.#next(2) === 0 ? null : 1 + this.#next(2);
    await this.#world.db.transaction(async (tx) => {
      await tx.run(sql`update repository set retain_checkpoints = ${model.checkpoints} where id = ${real.id}`);
      if (model.checkpoints !== null) await trimCheckpoints(tx, real.id, model.checkpoints);
    });
    model.trimCheckpoints();
    return `retain ${model.checkpoints} checkpoints`;
  }

  async #publish(): Promise<string> {
    const { model, real } = this.#pick(this.#pairs)!;
    const number = this.#pick(model.numbers)!;
    const checkpoint = this.#next(2) === 0;
    const { created } = await this.#world.run(PUBLISH, {
      repository_version: await this.#versionId(real, number),
      values: { checkpoint, manifest: 'PULP_MANIFEST' },
    });
    model.publish(created[0]!.split(':').at(-1)!, number, checkpoint);
    return `publish version ${number}${checkpoint ? ' as checkpoint' : ''}`;
  }

  async #unpublish(): Promise<string> {
    const { model } = this.#pick(this.#pairs)!;
    const publication = this.#pick(model.publications);
    if (!publication) return 'nothing: no publication';
    await this.#delete('publication', publication.id);
    model.publications = model.publications.filter((one) => one !== publication);
    return `delete a publication of version ${publication.number}`;
  }

  async #distribute(): Promise<string> {
    const { model, real } = this.#pick(this.#pairs)!;
    const kind = this.#next(3);
    const publication = this.#pick(model.publications);
    const number = this.#pick(model.numbers)!;
    const on =
      kind === 0
        ? ({ version: number } as const)
        : kind === 1 && publication
          ? { publication: publication.id }
          : 'repository';
    const id = uuid7();
    const checkpoint = on === 'repository' && this.#next(2) === 0;
    await this.#world.db.run(sql`
      insert into distribution (pulp_id, domain_id, pulp_type, name, base_path, checkpoint, repository_id, repository_version_id, publication_id)
        values (${id}, ${this.#world.domain.id}, 'file.file', ${id}, ${id}, ${checkpoint}, ${on === 'repository' ? real.pulpId : null},
          ${on !== 'repository' && 'version' in on ? await this.#versionId(real, number) : null},
          ${on !== 'repository' && 'publication' in on ? on.publication : null})`);
    model.distributions.push({ id, on, checkpoint });
    return `distribute ${JSON.stringify(on)}${checkpoint ? ' with checkpoints' : ''}`;
  }

  async #undistribute(): Promise<string> {
    const { model } = this.#pick(this.#pairs)!;
    const one = this.#pick(model.distributions);
    if (!one) return 'nothing: no distribution';
    await this.#delete('distribution', one.id);
    model.distributions = model.distributions.filter((other) => other !== one);
    return `delete a distribution on ${JSON.stringify(one.on)}`;
  }

  async #cleanUp(): Promise<string> {
    const before = [await this.#world.count('content'), await this.#world.count('artifact')] as const;
    const args = { content: null, orphan_protection_time: 0 };
    const foreseen = (await this.#world.run(ORPHANS, { ...args, dry_run: true })).result as unknown as {
      content: Record<string, number>;
      artifacts: number;
    };
    await this.#world.run(ORPHANS, args);
    const used = new Set(this.#pairs.flatMap(({ model }) => [...model.everything]));
    assert.deepEqual([...(await this.#held()).keys()].sort(), [...used].sort());
    const gone = [before[0] - (await this.#world.count('content')), before[1] - (await this.#world.count('artifact'))];
    assert.deepEqual([foreseen.content['file.file'] ?? 0, foreseen.artifacts], gone, 'the dry run');
    const unused = await this.#world.db.row<{ count: number }>(sql`select count(*) as count from artifact a
      where not exists (select from content_artifact ca where ca.artifact_id = a.id)
        and not exists (select from published_artifact pa where pa.artifact_id = a.id)`);
    assert.equal(unused!.count, 0);
    return `clean up ${gone[0]} units, ${gone[1]} artifacts`;
  }

  async #reclaim(): Promise<string> {
    const chosen = this.#pairs.filter(() => this.#next(2) === 0);
    const keep = this.#next(2) === 0 ? this.#pick(chosen) : undefined;
    const number = keep && this.#pick(keep.model.numbers)!;
    const held = await this.#held();
    const expected = reclaimable(
      this.#pairs.map(({ model }) => model),
      new Set(chosen.map(({ model }) => model)),
      keep ? keep.model.at(number!) : new Set(),
      held,
      new Set(),
    );
    const args = {
      repositories: chosen.map(({ real }) => real.pulpId),
      keep_versions: keep ? [await this.#versionId(keep.real, number!)] : [],
    };
    const foreseen = (await this.#world.run(RECLAIM, { ...args, dry_run: true })).result as unknown as {
      artifacts: number;
    };
    const before = await this.#world.count('artifact');
    await this.#world.run(RECLAIM, args);
    assert.equal(before - (await this.#world.count('artifact')), foreseen.artifacts, 'the dry run');
    const now = await this.#held();
    const lost = [...held].filter(([unit, { bytes }]) => bytes && !now.get(unit)?.bytes).map(([unit]) => unit);
    assert.deepEqual(lost.sort(), [...expected].sort(), 'reclaimed units');
    return `reclaim ${lost}`;
  }

  /** Damages a file that upstream still has and mends it. */
  async #repair(): Promise<string> {
    const fetchable = await this.#world.db.rows<{ sha256: string; url: string }>(sql`
      select distinct encode(a.sha256, 'hex') as sha256, ra.url from artifact a join content_artifact ca on ca.artifact_id = a.id
        join remote_artifact ra on ra.content_artifact_id = ca.id order by 1, 2`);
    const served = (url: string) => this.#upstream.files.get(new URL(url).pathname);
    const found = this.#pick(
      fetchable.filter(({ sha256, url }) => digestsOf(served(url) ?? '', ['sha256']).sha256 === sha256),
    );
    if (!found) return 'nothing: nothing can be repaired';
    const file = this.#world.store.driver.localPath(this.#world.store.keyOf(found.sha256))!;
    if (this.#next(2) === 0) rmSync(file);
    else writeFileSync(file, 'damaged');
    await this.#world.run(REPAIR, { verify_checksums: true });
    return `repair ${found.url}`;
  }

  async #versionId(real: TestRepository, number: number): Promise<string> {
    const row = await this.#world.db.row<{ pulp_id: string }>(
      sql`select pulp_id from repository_version where repository_id = ${real.id} and number = ${number}`,
    );
    return row!.pulp_id;
  }

  async #ids(): Promise<Map<Unit, string>> {
    const rows = await this.#world.db.rows<{ path: string; digest: string; pulp_id: string }>(sql`
      select d.relative_path as path, d.digest, c.pulp_id from content c join file_content d on d.content_id = c.id`);
    return new Map(rows.map(({ path, digest, pulp_id }) => [`${path}=${TEXT_OF.get(digest)}`, pulp_id]));
  }

  /** All units there are, with whether they have bytes and a source. */
  async #held(): Promise<Map<Unit, Held>> {
    const rows = await this.#world.db.rows<{ path: string; digest: string } & Held>(sql`
      select d.relative_path as path, d.digest, ca.artifact_id is not null as bytes,
          exists (select from remote_artifact ra where ra.content_artifact_id = ca.id) as source
        from file_content d join content_artifact ca on ca.content_id = d.content_id`);
    return new Map(rows.map(({ path, digest, ...held }) => [`${path}=${TEXT_OF.get(digest)}`, held]));
  }

  /** Bytes go by a reclaim only; a unit goes by a clean-up only; what has no bytes has a source. */
  async #noByteLost(before: ReadonlyMap<Unit, Held>, act: string): Promise<void> {
    const now = await this.#held();
    for (const [unit, { bytes }] of before) {
      if (!now.has(unit)) assert.match(act, /^clean up/, `${unit} is gone`);
      else if (bytes && !now.get(unit)!.bytes) assert.match(act, /^reclaim/, `the bytes of ${unit} are gone`);
    }
    for (const [unit, { bytes, source }] of now) assert.ok(bytes || source, `${unit} can be had nowhere`);
  }

  /** The database and the storage are what the model says. */
  async compare(): Promise<void> {
    const { db, store, root } = this.#world;
    for (const { model, real } of this.#pairs) {
      const versions = await this.#world.versions(real);
      assert.deepEqual(
        versions.map(({ number }) => number),
        model.numbers,
      );
      let before: ReadonlySet<Unit> = new Set();
      for (const { number, counts, complete } of versions) {
        const content = model.at(number);
        const expected = [...content].map((unit) => `${pathOf(unit)}=${sha256Of(textOf(unit)).slice(0, 8)}`).sort();
        assert.deepEqual(await this.#world.paths(real, number), expected, `version ${number}`);
        const added = [...content].filter((unit) => !before.has(unit)).length;
        const removed = [...before].filter((unit) => !content.has(unit)).length;
        assert.deepEqual(
          [complete, counts],
          [true, { added: count(added), removed: count(removed), present: count(content.size) }],
        );
        before = content;
      }
      await this.#comparePublications(model, real);
    }
    const artifacts = await db.rows<{ sha256: string }>(sql`select encode(sha256, 'hex') as sha256 from artifact`);
    const keys = artifacts.map(({ sha256 }) => store.keyOf(sha256)).sort();
    assert.deepEqual(
      filesBelow(join(root, 'artifact'))
        .map((file) => file.slice(root.length + 1))
        .sort(),
      keys,
      'rows and files',
    );
    for (const { sha256 } of artifacts) {
      assert.equal(sha256Of(readFileSync(store.driver.localPath(store.keyOf(sha256))!, 'utf8')), sha256, 'bytes');
    }
  }

  async #comparePublications(model: ModelRepository, real: TestRepository): Promise<void> {
    const rows = await this.#world.db.rows<{ id: string; number: number; checkpoint: boolean; paths: number }>(sql`
      select p.pulp_id as id, v.number, p.checkpoint,
          (select count(*) from published_artifact pa where pa.publication_id = p.pulp_id) as paths
        from publication p join repository_version v on v.pulp_id = p.repository_version_id
        where v.repository_id = ${real.id} order by p.pulp_id`);
    const sorted = [...model.publications].sort((left, right) => (left.id < right.id ? -1 : 1));
    assert.deepEqual(
      rows.map(({ id, number, checkpoint }) => ({ id, number, checkpoint })),
      sorted.map((one) => ({ ...one })),
    );
    for (const { number, paths } of rows)
      assert.ok(paths === 1 || paths === 1 + model.at(number).size, `${paths} published paths`);
  }
}

const TEXT_OF = new Map(Array.from({ length: TEXTS }, (_, at) => `text ${at}`).map((text) => [sha256Of(text), text]));

function count(units: number): object {
  return units === 0 ? {} : { 'file.file': units };
}

function filesBelow(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
