/** A database, a storage and a task context of its own, with the tasks over content and words for what tests do. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { contentEngine, contentTasks } from '../../src/app/program/content-task-functions.ts';
import { composeProgram, type Program } from '../../src/app/program/program.ts';
import { makeSettings, type Settings } from '../../src/config/settings.ts';
import { sql } from '../../src/db/sql.ts';
import { createDownloader } from '../../src/download/downloader.ts';
import type { VersionEngine } from '../../src/engines/repository/versions/version-context.ts';
import { createContent } from '../../src/engines/upload/create-content.ts';
import { digestsOf } from '../../src/lib/crypto/digest.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { insertFirstVersions } from '../../src/model/repositories/new-repository.ts';
import { latestVersion, type VersionCounts } from '../../src/model/repositories/repository-version.ts';
import type { Domain } from '../../src/plugin-api/contracts/context.ts';
import type { Plugin } from '../../src/plugin-api/contracts/plugin.ts';
import type { ProgressOptions, TaskContext, TaskFunction } from '../../src/plugin-api/contracts/task.ts';
import { filePlugin } from '../../src/plugins/file/plugin.ts';
import { ArtifactStore } from '../../src/storage/artifact-store.ts';
import { FilesystemDriver } from '../../src/storage/drivers/filesystem.ts';
import { type TestDatabase, useDatabase } from '../support/database.ts';

export const SYNC = 'pulp_file.app.tasks.synchronizing.synchronize';
export const PUBLISH = 'pulp_file.app.tasks.publishing.publish';
export const MODIFY = 'pulpcore.app.tasks.repository.add_and_remove';
export const DELETE_VERSION = 'pulpcore.app.tasks.repository.delete_version';
export const ORPHANS = 'pulpcore.app.tasks.orphan.orphan_cleanup';

export interface Report extends ProgressOptions {
  done: number;
  total: number | null;
  state: string;
}

export interface Shown {
  readonly label: string;
  readonly id: string;
}

export interface Run {
  readonly result: Shown | null;
  readonly created: readonly string[];
  readonly reports: readonly Report[];
}

export interface TestRepository {
  readonly id: number;
  readonly pulpId: string;
}

export class World {
  readonly db: TestDatabase;
  readonly domain: Domain;
  readonly store: ArtifactStore;
  readonly root: string;
  readonly settings: Settings;
  readonly engine: VersionEngine;
  readonly #tasks: ReadonlyMap<string, TaskFunction>;
  readonly program: Program;
  #names = 0;

  constructor(
    db: TestDatabase,
    domain: Domain,
    store: ArtifactStore,
    root: string,
    settings: Settings,
    plugins: readonly Plugin[],
  ) {
    this.db = db;
    this.domain = domain;
    this.store = store;
    this.root = root;
    this.settings = settings;
    this.program = composeProgram(plugins);
    this.engine = contentEngine(this.program);
    this.#tasks = new Map(contentTasks(this.program).map((task) => [task.name, task]));
  }

  /** A context whose transactions are always fenced successfully; what the task tells is kept. */
  context(signal: AbortSignal = new AbortController().signal): {
    context: TaskContext;
    created: string[];
    reports: Report[];
  } {
    const created: string[] = [];
    const reports: Report[] = [];
    const quiet = () => {};
    const context: TaskContext = {
      settings: this.settings,
      db: this.db,
      storage: () => this.store,
      downloader: (remote) => createDownloader(remote),
      secrets: new Secrets([Buffer.alloc(32, 7)]),
      models: this.program.models,
      create: () => Promise.reject(new Error('no requests are made here')),
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      present: async (_domain, label, id) => ({ label, id }),
      task: {
        id: 0,
        pulpId: uuid7(),
        prn: 'prn:core.task:test',
        name: 'test',
        taskGroup: null,
        userId: null,
        limit: null,
        immediate: false,
        loggingCid: '',
      },
      domain: this.domain,
      signal,
      progress: (options) => openReport(options, reports),
      created: (name) => void created.push(name),
      dispatch: () => Promise.reject(new Error('This test starts no tasks')),
      write: (work) => this.db.transaction(work),
      workDirectory: async () => this.root,
    };
    return { context, created, reports };
  }

  /** Runs a task to its end. */
  async run(name: string, args: object, signal?: AbortSignal, more: Partial<TaskContext> = {}): Promise<Run> {
    const { context, created, reports } = this.context(signal);
    const result = (await this.#tasks.get(name)!.run({ ...context, ...more }, args)) as Shown | null;
    return { result, created, reports };
  }

  async repository(
    options: { pulpType?: string; retain?: number; checkpoints?: number; details?: object } = {},
  ): Promise<TestRepository> {
    return await this.db.transaction(async (tx) => {
      const details = { autopublish: false, manifest: 'PULP_MANIFEST', ...options.details };
      const row = await tx.row<{ id: number; pulp_id: string }>(sql`
        insert into repository (pulp_id, domain_id, pulp_type, name, details, retain_repo_versions, retain_checkpoints)
          values (${uuid7()}, ${this.domain.id}, ${options.pulpType ?? 'file.file'}, ${`repository ${++this.#names}`}, ${sql.json(details)},
            ${options.retain ?? null}, ${options.checkpoints ?? null}) returning id, pulp_id`);
      await insertFirstVersions(tx, [row!.pulp_id]);
      return { id: row!.id, pulpId: row!.pulp_id };
    });
  }

  async remote(url: string, policy = 'immediate', concurrency: number | null = null): Promise<string> {
    const pulpId = uuid7();
    await this.db.run(sql`
      insert into remote (pulp_id, domain_id, pulp_type, name, url, policy, max_retries, download_concurrency)
        values (${pulpId}, ${this.domain.id}, 'file.file', ${`remote ${++this.#names}`}, ${url}, ${policy}, 1, ${concurrency})`);
    return pulpId;
  }

  async distribution(repository: TestRepository, more: { checkpoint?: boolean } = {}): Promise<string> {
    const pulpId = uuid7();
    await this.db.run(sql`
      insert into distribution (pulp_id, domain_id, pulp_type, name, base_path, repository_id, checkpoint)
        values (${pulpId}, ${this.domain.id}, 'file.file', ${pulpId}, ${pulpId}, ${repository.pulpId}, ${more.checkpoint ?? false})`);
    return pulpId;
  }

  sync(repository: TestRepository, remote: string, options: object = {}, signal?: AbortSignal): Promise<Run> {
    return this.run(SYNC, { repository: repository.pulpId, remote, options }, signal);
  }

  /** An artifact of some bytes, then a unit of it by the task. Answers ids on the wire and the run. */
  async upload(path: string, text: string, more: object = {}): Promise<Run> {
    const { context, created, reports } = this.context();
    const result = (await createContent(context, this.engine, {
      contentType: 'file.file',
      artifact: await this.artifact(text),
      values: { relative_path: path },
      ...more,
    })) as Shown;
    return { result, created, reports };
  }

  async artifact(text: string): Promise<string> {
    const received = await this.store.receive([Buffer.from(text)], { digests: ['sha256'] });
    const { saveArtifacts } = await import('../../src/model/content/artifact.ts');
    const [saved] = await saveArtifacts(this.db, this.store, this.domain.id, [received], ['sha256']);
    return saved!.pulpId;
  }

  /** `path=text digest's first digits` of the units of a version, sorted; the latest version by default. */
  async paths(repository: TestRepository, number?: number): Promise<string[]> {
    const version = number ?? (await latestVersion(this.db, repository.id)).number;
    const rows = await this.db.rows<{ path: string }>(sql`
      select d.relative_path || '=' || left(d.digest, 8) as path from repository_content rc
        join file_content d on d.content_id = rc.content_id
        where rc.repository_id = ${repository.id} and rc.version_added <= ${version}
          and (rc.version_removed is null or rc.version_removed > ${version}) order by 1`);
    return rows.map((row) => row.path);
  }

  async versions(repository: TestRepository): Promise<{ number: number; complete: boolean; counts: VersionCounts }[]> {
    return await this.db.rows(sql`
      select number, complete, counts from repository_version where repository_id = ${repository.id} order by number`);
  }

  async count(table: string): Promise<number> {
    const row = await this.db.row<{ count: number }>(sql`select count(*) as count from ${sql.ident(table)}`);
    return row!.count;
  }

  /** Files that were received and neither kept nor removed. */
  temporaryFiles(): string[] {
    return readdirSync(join(this.root, 'tmp', 'files'));
  }
}

function openReport(options: ProgressOptions, reports: Report[]) {
  const report = { ...options, done: 0, total: options.total ?? null, state: 'running' };
  reports.push(report);
  return Object.assign(report, {
    add(units: number) {
      report.done += units;
    },
    finish(state = 'completed') {
      report.state = state;
    },
  });
}

/** What `paths` answers for a unit. */
export function entry(path: string, text: string): string {
  return `${path}=${digestsOf(text, ['sha256']).sha256!.slice(0, 8)}`;
}

export async function useWorld(
  settings: Partial<Settings> = {},
  plugins: readonly Plugin[] = [filePlugin],
): Promise<World> {
  const db = await useDatabase();
  const root = mkdtempSync(join(tmpdir(), 'deckle-content-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const driver = await FilesystemDriver.create(root);
  const store = new ArtifactStore({ driver, workDirectory: join(root, 'tmp', 'files'), fsync: false });
  const row = await db.row<{ id: number; pulpId: string; name: string }>(sql`
    insert into domain (pulp_id, name) values (${uuid7()}, 'default')
      on conflict (name) do update set name = excluded.name returning id, pulp_id as "pulpId", name`);
  return new World(db, row!, store, root, makeSettings({ data: root, ...settings }), plugins);
}
