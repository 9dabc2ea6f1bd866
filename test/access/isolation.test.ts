/** What a caller may not see, or what is in another domain, is as if it were not there: in every list, every filter, every error. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import test, { before } from 'node:test';
import { listPath } from '../../src/api/engine/routes.ts';
import type { Resource } from '../../src/plugin-api/declare/resource.ts';
import { type TestApi, useApi } from '../support/api.ts';
import { program } from '../support/program.ts';
import { fillWorld } from './full-world.ts';
import { idOf, made, makeUser, type Person } from './world.ts';

const api = await useApi({
  allowedExportPaths: [tmpdir()],
  envvarHeaderContentGuardAllowedVars: ['ALLOWED'],
  domainEnabled: true,
});
const PREFIX = '/pulp/default/api/v3/';

interface Thing {
  readonly href: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly resource: Resource;
}

const listed = program.resources.filter(({ operations, model }) => operations.list && model.inDomain !== false);
const simple = listed.filter(({ model }) => !model.path.includes('/*/'));

/** Everything in a domain, as administrators see it, by href. */
async function everything(prefix: string): Promise<Map<string, Thing>> {
  const found = new Map<string, Thing>();
  const read = async (list: string, resource: Resource) => {
    const { status, body } = await api.call('GET', `${list}?limit=1000`);
    assert.equal(status, 200, list);
    for (const fields of body.results) found.set(fields.pulp_href, { href: fields.pulp_href, fields, resource });
  };
  for (const resource of simple) await read(prefix + listPath(resource), resource);
  for (const resource of listed.filter((one) => !simple.includes(one))) {
    const [parent] = resource.model.path.split('/*/');
    const parents = [...found.values()].filter((one) => one.resource.model.path === parent);
    for (const one of parents) await read(one.href + listPath(resource).split(':parent/')[1], resource);
  }
  return found;
}

/** An API whose relative paths are those of a domain. */
const within = (domain: string): TestApi => ({
  ...api,
  call: (method, path, ...rest) =>
    api.call(method, path.startsWith('/') ? path : `/pulp/${domain}/api/v3/${path}`, ...rest),
});

let hidden: readonly Thing[] = [];
let elsewhere: readonly Thing[] = [];
let some: Person;
let wide: Person;
const GENERIC = new Set([
  'repositories',
  'remotes',
  'publications',
  'distributions',
  'contentguards',
  'content',
  'repository_versions',
]);

before(async () => {
  some = await makeUser(api, 'sees-some');
  wide = await makeUser(api, 'sees-a-domain');
  await fillWorld(within('default'), 'a');
  const open = await everything(PREFIX);
  await fillWorld(within('default'), 'b');
  hidden = [...(await everything(PREFIX)).values()].filter(({ href }) => !open.has(href));
  await made(api, '/pulp/default/api/v3/domains/', {
    name: 'other',
    storage_class: 'pulpcore.app.models.storage.FileSystem',
    storage_settings: { location: tmpdir() },
  });
  await fillWorld(within('other'), 'c');
  elsewhere = [...(await everything('/pulp/other/api/v3/')).values()];
  const { body } = await api.call('GET', `${PREFIX}roles/?limit=1000`);
  const roles = new Set<string>(body.results.map(({ name }: { name: string }) => name));
  for (const { href, fields, resource } of open.values()) {
    const { app, name } = resource.model;
    const role = `${app}.${name.toLowerCase()}_viewer`;
    if (!resource.hasRoles || !roles.has(role) || GENERIC.has(resource.model.path)) continue;
    const given = await api.call('POST', `${some.href}roles/`, { role, content_object: href });
    assert.equal(given.status, 201, `${role} ${JSON.stringify(fields)} ${JSON.stringify(given.body)}`);
  }
  for (const role of roles) {
    if (!/_(viewer|owner)$/.test(role) || /domain|group_/.test(role)) continue;
    await api.call('POST', `${wide.href}roles/`, { role, domain: `${PREFIX}domains/${await defaultDomain()}/` });
  }
});

async function defaultDomain(): Promise<string> {
  const { body } = await api.call('GET', `${PREFIX}domains/?name=default`);
  return idOf(body.results[0].pulp_href);
}

const idsOf = (things: readonly Thing[]) =>
  new Set(things.map(({ href, fields }) => String(fields.prn).split(':').at(-1) ?? idOf(href)));

async function get(
  path: string,
  as: string,
): Promise<{ status: number; text: string; body: { count?: number; results?: unknown[] } }> {
  const { status, body } = await api.call('GET', path, undefined, { as });
  return { status, text: JSON.stringify(body), body };
}

const MISSING = '0195c0de-0000-7000-8000-000000000000';
/** The name of the hidden object that a filter is asked with, and the same of an object that has never been. */
function namesOf({ href, fields }: Thing, key: string): [string, string] {
  const prn = String(fields.prn);
  const id = prn.split(':').at(-1)!;
  const gone = (text: string) =>
    text
      .replaceAll(href.includes('/versions/') ? idOf(href.split('versions/')[0]!) : id, MISSING)
      .replaceAll(id, MISSING);
  const name = key === 'prn__in' ? prn : href;
  return [name, gone(name)];
}

/** What filters name, one of each table. */
const NAMED = new Set([
  'repository',
  'repository_version',
  'remote',
  'publication',
  'distribution',
  'content',
  'task',
  'exporter',
]);
function samples(things: readonly Thing[]): Thing[] {
  const own = things.filter(({ resource: { model } }) => NAMED.has(model.table) && !GENERIC.has(model.path));
  return [...new Map(own.map((one) => [one.resource.model.table, one])).values()];
}

function keysOf({ filters, hasLabels }: Resource): { key: string; field: string; names: boolean }[] {
  const own = Object.entries(filters).flatMap(([field, { lookups = [''], kind }]) =>
    lookups.map((suffix) => ({
      key: suffix === '' ? field : `${field}__${suffix}`,
      field,
      names: kind === 'custom' || kind === 'reference',
    })),
  );
  const common = ['prn__in', 'pulp_href__in'].map((key) => ({ key, field: '', names: true }));
  return [...own, ...common, ...(hasLabels ? [{ key: 'pulp_label_select', field: 'pulp_labels', names: false }] : [])];
}

/** Values of the things' own fields, as a filter would be asked with to find them. */
function valuesOf(field: string, key: string, things: readonly Thing[]): string[] {
  if (key === 'pulp_label_select') return ['secret', '!nothing'];
  const values = things
    .map(({ fields }) => fields[field])
    .filter((value) => ['string', 'number', 'boolean'].includes(typeof value));
  const texts = [...new Set(values.map(String))].filter((text) => !text.includes(' ')).slice(0, 1);
  if (key.endsWith('__isnull')) return ['false', 'true'];
  return key.endsWith('__range') ? texts.map((text) => `${text},${text}`) : texts;
}

/** Asks each filter of a list for what is hidden: nothing of it appears, and a hidden name is answered like one that never was. */
async function probe(list: string, resource: Resource, things: readonly Thing[], as: string): Promise<void> {
  const ids = [...idsOf(things)];
  const clean = (
    answer: { status: number; text: string; body: { count?: number; results?: unknown[] } },
    query: string,
  ) => {
    const said = `${list}?${query} as ${as.split(':')[0]}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.ok(answer.status < 500, said);
    if (answer.status !== 200) return;
    const results = JSON.stringify(answer.body.results);
    const leaked = ids.find((id) => results.includes(id));
    assert.equal(leaked, undefined, said);
    assert.equal(answer.body.count, answer.body.results?.length, said);
  };
  const ask = async (key: string, value: string) => {
    const query = `limit=1000&${key}=${encodeURIComponent(value)}`;
    const answer = await get(`${list}?${query}`, as);
    clean(answer, query);
    return answer;
  };
  clean(await get(`${list}?limit=1000`, as), 'limit=1000');
  for (const { key, field, names } of keysOf(resource)) {
    const own = things.filter((one) => one.resource.model.path === resource.model.path);
    for (const value of valuesOf(field, key, own)) {
      await ask(key, value);
      if (/^[\w.-]+$/.test(value)) await ask('q', `${key}="${value}" OR NOT ${key}="${value}"`);
    }
    if (!names) continue;
    for (const [name, missing] of samples(things).map((one) => namesOf(one, key))) {
      const [found, never] = [await ask(key, name), await ask(key, missing)];
      const same = (text: string) =>
        text.replaceAll(JSON.stringify(name).slice(1, -1), '?').replaceAll(encodeURIComponent(name), '?');
      const other = (text: string) =>
        text.replaceAll(JSON.stringify(missing).slice(1, -1), '?').replaceAll(encodeURIComponent(missing), '?');
      assert.deepEqual(
        [found.status, same(found.text)],
        [never.status, other(never.text)],
        `${list}?${key}=${name} as ${as}`,
      );
    }
  }
}

for (const resource of simple) {
  const list = PREFIX + listPath(resource);
  test(`${resource.model.path}: objects without a role on them`, async () => {
    if ((await get(list, some.as)).status === 403) return;
    await probe(list, resource, hidden, some.as);
  });
  test(`${resource.model.path}: objects of another domain`, async () => {
    // the same conditions keep a domain's rows apart for all: filters are asked by who sees most of it
    const { status, text } = await get(`${list}?limit=1000`, wide.as);
    if (status === 200) assert.ok(![...idsOf(elsewhere)].some((id) => text.includes(id)), text.slice(0, 300));
    await probe(list, resource, elsewhere, 'admin:password');
  });
}

test('details of what is hidden, and of other domains by the address of this one', async () => {
  for (const { href, resource } of hidden) {
    const { status } = await get(href, some.as);
    assert.ok(status === 404 || status === 403, `${href} ${status}`);
    if (resource.hasRoles && resource.operations.read) assert.equal(status, 404, href);
  }
  for (const { href } of elsewhere) {
    for (const as of [wide.as, 'admin:password']) {
      assert.ok([404, 403].includes((await get(href.replace('/pulp/other/', '/pulp/default/'), as)).status), href);
    }
    assert.ok([404, 403].includes((await get(href, wide.as)).status), href);
  }
});
