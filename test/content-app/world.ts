/** A content app over a database and a storage of its own, with words to put things there. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { makeSettings, type Settings } from '../../src/config/settings.ts';
import {
  type ContentHandler,
  type ContentOptions,
  createContentHandler,
} from '../../src/content-app/content-handler.ts';
import { sql } from '../../src/db/sql.ts';
import { createDownloader } from '../../src/download/downloader.ts';
import { Secrets } from '../../src/lib/crypto/secrets.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import type { Domain, Services } from '../../src/plugin-api/contracts/context.ts';
import type { DistributionType } from '../../src/plugin-api/contracts/serve.ts';
import { Models } from '../../src/plugin-api/declare/model.ts';
import { ArtifactStore } from '../../src/storage/artifact-store.ts';
import { FilesystemDriver } from '../../src/storage/drivers/filesystem.ts';
import { type TestDatabase, useDatabase } from '../support/database.ts';

export interface Answer {
  status: number;
  reason: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
}

export const TYPES: readonly DistributionType[] = [
  { pulpType: 'file.file', servesPublications: true },
  { pulpType: 'plain.plain', servesPublications: false },
];

export interface Repository {
  id: number;
  pulpId: string;
}

export interface Unit {
  id: number;
  contentArtifactId: number;
}

interface UnitOptions {
  domain?: Domain;
  /** Bytes only upstream: rows of sources. */
  sources?: readonly SourceRow[];
}

export interface SourceRow {
  url: string;
  remote: string;
  size?: number | null;
  sha256?: string | null;
  alternate?: boolean;
  headers?: Record<string, string>;
}

export class World {
  readonly db: TestDatabase;
  readonly services: Services;
  readonly domain: Domain;
  readonly store: ArtifactStore;
  readonly root: string;
  readonly logged: { message: string; details: object }[] = [];
  #handlers: { handler: ContentHandler; server: Server }[] = [];

  constructor(db: TestDatabase, domain: Domain, store: ArtifactStore, root: string, settings: Partial<Settings>) {
    this.db = db;
    this.domain = domain;
    this.store = store;
    this.root = root;
    const log = (details: object, message: string) => void this.logged.push({ message, details });
    this.services = {
      settings: makeSettings({ data: root, ...settings }),
      db,
      storage: (wanted) => (wanted.name === 'default' ? store : store.forDomain(wanted.pulpId)),
      downloader: createDownloader,
      secrets: new Secrets([Buffer.alloc(32, 1)]),
      create: () => Promise.reject(new Error('no requests are made here')),
      models: new Models([]),
      logger: { debug: () => {}, info: () => {}, warn: log, error: log },
      present: async () => null,
    };
  }

  /** A server with a content app; answers a function that asks it. */
  async serve(
    types: readonly DistributionType[] = TYPES,
    options: ContentOptions = {},
    services: Partial<Services> = {},
  ): Promise<Client> {
    const handler = createContentHandler({ ...this.services, ...services }, types, { freshFor: 0, ...options });
    const { server, port } = await listen((request, response) => void handler.handle(request, response));
    this.#handlers.push({ handler, server });
    return new Client(port, handler);
  }

  async close(): Promise<void> {
    for (const { handler, server } of this.#handlers) {
      server.closeAllConnections();
      server.close();
      await handler.close();
    }
    rmSync(this.root, { recursive: true, force: true });
  }

  async artifact(body: string | Buffer, domain = this.domain): Promise<number> {
    const store = this.services.storage(domain);
    const temp = await store.receive([Buffer.from(body as string)], { digests: [] });
    await store.keep([temp]);
    const row = await this.db.row<{ id: number }>(sql`insert into artifact (pulp_id, domain_id, size, sha256)
      values (${uuid7()}, ${domain.id}, ${temp.size}, decode(${temp.digests.sha256}, 'hex'))
      on conflict (sha256, domain_id) do update set size = excluded.size returning id`);
    return row!.id;
  }

  /** A unit with one file, here or upstream. */
  async unit(path: string, body: string | Buffer | null, options: UnitOptions = {}): Promise<Unit> {
    const domain = options.domain ?? this.domain;
    const artifactId = body === null ? null : await this.artifact(body, domain);
    const id = uuid7();
    const row = await this.db.row<{ id: number }>(sql`insert into content (pulp_id, domain_id, pulp_type, natural_key)
      values (${id}, ${domain.id}, 'file.file', ${Buffer.from(id)}) returning id`);
    const artifact = await this.db.row<{
      id: number;
    }>(sql`insert into content_artifact (content_id, artifact_id, relative_path)
      values (${row!.id}, ${artifactId}, ${path}) returning id`);
    for (const source of options.sources ?? []) await this.source(artifact!.id, source);
    return { id: row!.id, contentArtifactId: artifact!.id };
  }

  async source(contentArtifactId: number, source: SourceRow): Promise<void> {
    const { url, remote, size = null, sha256 = null, alternate = false, headers = null } = source;
    await this.db.run(sql`insert into remote_artifact (content_artifact_id, remote_id, url, size, sha256, is_alternate, headers)
      values (${contentArtifactId}, ${remote}, ${url}, ${size}, decode(${sha256}, 'hex'), ${alternate}, ${headers && sql.json(headers)})`);
    if (!alternate) return;
    await this.db.run(sql`insert into alternate_content_source (pulp_id, domain_id, pulp_type, name, remote_id)
      values (${uuid7()}, ${this.domain.id}, 'file.file', ${uuid7()}, ${remote})`);
  }

  async remote(url: string, values: { policy?: string; domain?: Domain } = {}): Promise<string> {
    const id = uuid7();
    await this.db.run(sql`insert into remote (pulp_id, domain_id, pulp_type, name, url, policy)
      values (${id}, ${(values.domain ?? this.domain).id}, 'file.file', ${id}, ${url}, ${values.policy ?? 'on_demand'})`);
    return id;
  }

  async repository(domain = this.domain): Promise<Repository> {
    const id = uuid7();
    const row = await this.db.row<{ id: number }>(sql`insert into repository (pulp_id, domain_id, pulp_type, name)
      values (${id}, ${domain.id}, 'file.file', ${id}) returning id`);
    const repository = { id: row!.id, pulpId: id };
    await this.version(repository, [], []);
    return repository;
  }

  /** The next version: units added and removed. Answers its pulp_id. */
  async version(
    repository: Repository,
    add: readonly Unit[],
    remove: readonly Unit[] = [],
    created?: string,
  ): Promise<string> {
    const id = uuid7();
    const row = await this.db.row<{
      number: number;
    }>(sql`insert into repository_version (pulp_id, repository_id, number, complete, pulp_created)
      select ${id}, ${repository.id}, coalesce(max(number) + 1, 0), true, coalesce(${created ?? null}::timestamptz, now())
      from repository_version where repository_id = ${repository.id} returning number`);
    const number = row!.number;
    await this.db.run(sql`update repository_content set version_removed = ${number}
      where repository_id = ${repository.id} and version_removed is null and content_id = any(${remove.map((unit) => unit.id)}::bigint[])`);
    await this.db.run(sql`insert into repository_content (repository_id, content_id, version_added)
      select ${repository.id}, unnest(${add.map((unit) => unit.id)}::bigint[]), ${number}`);
    return id;
  }

  /** A publication of a version: bytes made for it, or units, by path. */
  async publication(
    version: string,
    files: Readonly<Record<string, string | Unit>> = {},
    values: { passThrough?: boolean; checkpoint?: boolean; complete?: boolean; created?: string } = {},
  ): Promise<string> {
    const id = uuid7();
    await this.db.run(sql`insert into publication (pulp_id, domain_id, pulp_type, repository_version_id, complete, pass_through, checkpoint, pulp_created)
      values (${id}, ${this.domain.id}, 'file.file', ${version}, ${values.complete ?? true}, ${values.passThrough ?? false},
        ${values.checkpoint ?? false}, coalesce(${values.created ?? null}::timestamptz, now()))`);
    for (const [path, file] of Object.entries(files)) {
      const artifact = typeof file === 'string' ? await this.artifact(file) : null;
      const unit = typeof file === 'string' ? null : file.contentArtifactId;
      await this.db.run(sql`insert into published_artifact (publication_id, relative_path, artifact_id, content_artifact_id)
        values (${id}, ${path}, ${artifact}, ${unit})`);
    }
    return id;
  }

  async distribution(
    basePath: string,
    values: Readonly<Record<string, unknown>> = {},
    domain = this.domain,
  ): Promise<string> {
    const id = uuid7();
    const row = { pulp_type: 'file.file', name: id, ...values };
    const names = Object.keys(row);
    await this.db.run(
      sql`insert into distribution (pulp_id, domain_id, base_path, ${sql.join(names.map((name) => sql.ident(name)))})
      values (${id}, ${domain.id}, ${basePath}, ${sql.join(Object.values(row))})`.unprepared,
    );
    return id;
  }

  async newDomain(name: string): Promise<Domain> {
    const pulpId = uuid7();
    const row = await this.db.row<{ id: number }>(
      sql`insert into domain (pulp_id, name) values (${pulpId}, ${name}) returning id`,
    );
    return { id: row!.id, pulpId, name };
  }
}

export class Client {
  readonly port: number;
  readonly handler: ContentHandler;

  constructor(port: number, handler: ContentHandler) {
    this.port = port;
    this.handler = handler;
  }

  /** GET below the content prefix unless told. */
  get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return ask(this.port, path.startsWith('/') ? path : `/pulp/content/${path}`, headers, method);
  }

  head(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.get(path, headers, 'HEAD');
  }
}

/** Rejects when the connection breaks before the end of the body. */
export function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(pieces);
        const { statusCode, statusMessage } = response;
        resolve({
          status: statusCode!,
          reason: statusMessage!,
          headers: response.headers,
          body,
          text: body.toString(),
        });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

export function listen(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(listener);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

export function sha256(body: string | Buffer): string {
  return hash('sha256', body, 'hex');
}

let worlds: World[] = [];
after(async () => {
  for (const world of worlds) await world.close();
  worlds = [];
});

/** `const world = await useWorld()` at the top of a test file. */
export async function useWorld(settings: Partial<Settings> = {}): Promise<World> {
  const db = await useDatabase();
  const known = await db.row<{ id: number; pulp_id: string }>(
    sql`select id, pulp_id from domain where name = 'default'`,
  );
  const pulpId = known?.pulp_id ?? uuid7();
  const made =
    known ??
    (await db.row<{ id: number }>(sql`insert into domain (pulp_id, name) values (${pulpId}, 'default') returning id`));
  const root = mkdtempSync(join(tmpdir(), 'deckle-content-'));
  const driver = await FilesystemDriver.create(join(root, 'media'));
  const store = new ArtifactStore({ driver, workDirectory: join(root, 'media', 'tmp', 'files'), fsync: false });
  const world = new World(db, { id: made!.id, pulpId, name: 'default' }, store, root, settings);
  worlds.push(world);
  return world;
}
