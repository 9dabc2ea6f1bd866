/** A world with an object of every kind, and people who hold nothing, the viewers' roles, the owners' roles or everything. */
import { createHash } from 'node:crypto';
import { type Sql, sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { ensureArtifactDistribution } from '../../src/model/repositories/artifact-distribution.ts';
import type { TestApi } from '../support/api.ts';
import { makeCertificate } from '../support/certificates.ts';
import { program } from '../support/program.ts';
import { makePluginObjects } from './plugin-objects.ts';
import { give, idOf, made, makeUser, type Person, publication, unit } from './world.ts';

export interface Actor {
  readonly name: string;
  /** For `as`. */
  readonly as: string | null;
  readonly superuser: boolean;
  /** Permissions held everywhere. */
  readonly held: ReadonlySet<string>;
}

const ADMIN: Actor = { name: 'administrator', as: 'admin:password', superuser: true, held: new Set() };
const ANONYMOUS: Actor = { name: 'nobody at all', as: null, superuser: false, held: new Set() };

interface Role {
  readonly name: string;
  readonly permissions: readonly string[];
}

/** From the least to the most: who is refused asks before those who may delete. */
export async function makeActors(api: TestApi): Promise<Actor[]> {
  const { body } = await api.call('GET', 'roles/?limit=1000');
  const roles: Role[] = body.results;
  const actor = async (name: string, fits: (role: Role) => boolean): Promise<Actor> => {
    const person = await makeUser(api, name);
    const own = roles.filter(fits);
    for (const role of own) await give(api, person, role.name);
    return { name, as: person.as, superuser: false, held: new Set(own.flatMap(({ permissions }) => permissions)) };
  };
  return [
    ANONYMOUS,
    await actor('user-without-roles', () => false),
    await actor('viewer', ({ name }) => name.endsWith('_viewer')),
    await actor('owner', ({ name }) => name.endsWith('_owner')),
    ADMIN,
  ];
}

/** Rows that only tasks make, or that need what a test has not: written as these would. */
async function insert(api: TestApi, table: string, values: Readonly<Record<string, unknown>>): Promise<string> {
  const id = uuid7();
  const names = Object.keys(values).map((name) => sql.ident(name));
  const given: unknown[] = Object.values(values);
  await api.db.run(sql`insert into ${sql.ident(table)} (pulp_id, ${sql.join(names)})
    values (${id}, ${sql.join(given)})`);
  return id;
}

async function domainId(api: TestApi): Promise<number> {
  const { body } = await api.call('GET', 'uploads/?limit=1');
  const row = await api.db.row<{ id: number }>(
    sql`select domain_id as id from upload where pulp_id = ${idOf(body.results[0].pulp_href)}`,
  );
  return row!.id;
}

/** Package types whose objects are made here with more in them. */
const BY_HAND = new Set(['file', 'certguard', 'core-openpgp']);

/** `suffix` keeps the names of a second world apart. */
export async function fillWorld(api: TestApi, suffix = 'a'): Promise<void> {
  const named = (name: string) => ({ name: `${name}-${suffix}` });
  await made(api, 'uploads/', { size: 5 });
  const domain_id = await domainId(api);
  const remote = await made(api, 'remotes/file/file/', {
    ...named('remote'),
    url: 'http://127.0.0.1:1/PULP_MANIFEST',
    policy: 'on_demand',
    pulp_labels: { secret: suffix },
  });
  await made(api, 'remotes/file/git/', { ...named('git'), url: 'http://127.0.0.1:1/x.git' });
  const repository = await made(api, 'repositories/file/file/', {
    ...named('repository'),
    remote,
    pulp_labels: { secret: suffix },
  });
  const href = await unit(api, repository);
  const published = await publication(api, repository);
  const guard = await made(api, 'contentguards/core/rbac/', named('rbac'));
  await makeGuards(api, suffix);
  await made(api, 'distributions/file/file/', {
    ...named('distribution'),
    base_path: `path-${suffix}`,
    publication: published,
    content_guard: guard,
    pulp_labels: { secret: suffix },
  });
  await made(api, 'acs/file/file/', { ...named('acs'), remote });
  await ensureArtifactDistribution(api.services.db, api.services.secrets);
  for (const plugin of program.plugins.filter(({ name }) => !BY_HAND.has(name))) {
    await makePluginObjects(api, plugin, suffix);
  }
  await makeBlocklist(api, suffix);
  await makePeople(api, suffix);
  await makeOperations(api, suffix, repository);
  await makeReport(api, domain_id, href, repository);
  await makeKeyring(api, suffix);
}

async function makeBlocklist(api: TestApi, suffix: string): Promise<void> {
  const { body } = await api.call('GET', `repositories/python/python/?name=PythonRepository-${suffix}`);
  await made(api, `${body.results[0].pulp_href}blocklist_entries/`, { name: `blocked-${suffix}` });
}

async function makeGuards(api: TestApi, suffix: string): Promise<void> {
  const named = (name: string) => ({ name: `${name}-${suffix}` });
  await made(api, 'contentguards/core/header/', { ...named('header'), header_name: 'x', header_value: 'y' });
  await made(api, 'contentguards/core/envvar_header/', { ...named('envvar'), header_name: 'x', env_var: 'ALLOWED' });
  await made(api, 'contentguards/core/content_redirect/', named('redirect'));
  await made(api, 'contentguards/core/composite/', named('composite'));
  const { pem } = makeCertificate(`authority ${suffix}`, { authority: true });
  for (const type of ['x509', 'rhsm']) {
    await made(api, `contentguards/certguard/${type}/`, { ...named(type), ca_certificate: pem });
  }
}

async function makePeople(api: TestApi, suffix: string): Promise<void> {
  const person: Person = await makeUser(api, `somebody-${suffix}`);
  const group = await made(api, 'groups/', { name: `group-${suffix}` });
  await api.call('POST', `${group}users/`, { username: person.name });
  await give(api, person, 'file.filerepository_creator');
  await made(api, `${group}roles/`, { role: 'file.filerepository_creator', content_object: null });
  await made(api, 'roles/', { name: `role.${suffix}`, permissions: ['file.view_filerepository'] });
  await made(api, 'tokens/', { name: `token-${suffix}` });
  await made(api, 'webhooks/', { name: `webhook-${suffix}`, url: 'http://127.0.0.1:1/', enabled: false });
}

async function makeOperations(api: TestApi, suffix: string, repository: string): Promise<void> {
  const domain_id = await domainId(api);
  const path = api.services.settings.allowedExportPaths[0]!;
  const exporter = await made(api, 'exporters/core/pulp/', {
    name: `exporter-${suffix}`,
    path: `${path}/a-${suffix}`,
    repositories: [repository],
  });
  const files = await made(api, 'exporters/core/filesystem/', { name: `files-${suffix}`, path: `${path}/b-${suffix}` });
  const importer = await made(api, 'importers/core/pulp/', { name: `importer-${suffix}` });
  for (const one of [exporter, files]) await insert(api, 'export', { domain_id, exporter_id: idOf(one) });
  await insert(api, 'import', { domain_id, importer_id: idOf(importer) });
  await made(api, 'task-schedules/', {
    name: `schedule-${suffix}`,
    operation: 'publish',
    target: repository,
    dispatch_interval: '1 00:00:00',
  });
  const upstream = await made(api, 'upstream-pulps/', {
    name: `upstream-${suffix}`,
    base_url: 'http://127.0.0.1:1',
    api_root: '/pulp/',
  });
  await insert(api, 'replication_run', { domain_id, upstream_id: idOf(upstream) });
  const { body } = await api.call('POST', 'tasks/purge/', {});
  const group = await insert(api, 'task_group', { domain_id, description: `group-${suffix}` });
  await api.db.run(sql`update task set task_group_id = ${group}, reserved_resources_record = reserved_resources_record
    || ${[`secret:${suffix}`]}::text[], created_resources = ${[`prn:file.filerepository:${idOf(repository)}`]}::text[]
    where pulp_id = ${idOf(body.task)}`);
  await insert(api, 'signing_service', {
    name: `signing-${suffix}`,
    class: 'AsciiArmoredDetachedSigningService',
    public_key: 'key',
    pubkey_fingerprint: 'F',
    script: '/x',
  });
  await insert(api, 'app_status', { app_type: 'worker', name: `worker-${suffix}`, ttl: 30, host: 'h', pid: 1 });
}

async function makeReport(api: TestApi, domain_id: number, href: string, repository: string): Promise<void> {
  const row = await api.db.row<{ id: number }>(sql`select id from content where pulp_id = ${idOf(href)}`);
  const report = await insert(api, 'vulnerability_report', {
    domain_id,
    content_id: row!.id,
    vulns: JSON.stringify({}),
  });
  await api.db.run(sql`insert into vulnerability_report_version (report_id, repository_version_id)
    select ${report}, v.pulp_id from repository_version v join repository r on r.id = v.repository_id
    where r.pulp_id = ${idOf(repository)}`);
}

/** A unit of each kind that a key's upload makes, in a keyring. */
async function makeKeyring(api: TestApi, suffix: string): Promise<void> {
  const domain_id = await domainId(api);
  const keyring = await made(api, 'repositories/core/openpgp_keyring/', { name: `keyring-${suffix}` });
  await made(api, 'distributions/core/openpgp/', {
    name: `keys-${suffix}`,
    base_path: `keys-${suffix}`,
    repository: keyring,
  });
  const key = 'F'.repeat(40);
  const parts: [string, Sql, Sql][] = [
    ['publickey', sql.raw('fingerprint, created, raw_data'), sql`${key}, now(), 'eA=='`],
    ['publicsubkey', sql.raw('public_key, fingerprint, created, raw_data'), sql`${key}, ${key}, now(), 'eA=='`],
    ['userid', sql.raw('public_key, user_id, raw_data'), sql`${key}, 'me', 'eA=='`],
    ['userattribute', sql.raw('public_key, sha256, raw_data'), sql`${key}, 'ab', 'eA=='`],
    [
      'signature',
      sql.raw('public_key, signed, sha256, signature_type, raw_data'),
      sql`${key}, ${key}, 'ab', 16, 'eA=='`,
    ],
  ];
  for (const [kind, columns, values] of parts) {
    const natural_key = createHash('sha256')
      .update(kind + suffix)
      .digest();
    const id = await insert(api, 'content', { domain_id, pulp_type: `core.openpgp_${kind}`, natural_key });
    await api.db.run(sql`insert into ${sql.ident(`openpgp_${kind}`)} (content_id, ${columns})
      select id, ${values} from content where pulp_id = ${id}`);
    await api.db.run(sql`insert into repository_content (repository_id, content_id, version_added)
      select r.id, c.id, 0 from repository r, content c where r.pulp_id = ${idOf(keyring)} and c.pulp_id = ${id}`);
  }
}
