/** Every route, as everybody: what the access policies say is what happens. Driven by the declarations: a new endpoint is asked by itself. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import test from 'node:test';
import { type AccessCatalogue, ADMIN_ONLY, type Policy, viewOf } from '../../src/access/catalogue.ts';
import { VerifiedPasswords } from '../../src/access/identities/verified-passwords.ts';
import { HrefReader } from '../../src/api/engine/hrefs.ts';
import { type Route, routesOf } from '../../src/api/engine/routes.ts';
import { roleActionsBy } from '../../src/api/role-actions.ts';
import { apiEndpoints } from '../../src/app/program/api.ts';
import { useApi } from '../support/api.ts';
import { program } from '../support/program.ts';
import { type Actor, fillWorld, makeActors } from './full-world.ts';

/** Endpoints beside resources that are not for administrators only: whoever has logged in may ask them. */
const FOR_EVERYBODY = new Set([
  'get events/',
  'get login/',
  'post login/',
  'put login/',
  'patch login/',
  'delete login/',
]);

const api = await useApi({
  allowedExportPaths: [tmpdir()],
  envvarHeaderContentGuardAllowedVars: ['ALLOWED'],
});
const catalogue: AccessCatalogue = program.access();
const hrefs = new HrefReader(program.models, { apiRoot: '/pulp/', domainEnabled: false });
const routes = program.resources.flatMap((resource) => routesOf(resource, hrefs, roleActionsBy(program.access)));
const actors = await makeActors(api);
await fillWorld(api);

const MISSING = '0195c0de-0000-7000-8000-000000000000';
const BY_METHOD: Readonly<Record<string, string>> = { PATCH: 'partial_update', PUT: 'update', DELETE: 'destroy' };
const isDetail = (route: Route) => route.path.includes('/:pk/');
const actionOf = ({ action, method, act }: Route) =>
  action?.path === '' && action.detail ? (BY_METHOD[method] ?? act) : act;

function policyOf(route: Route): Policy {
  return catalogue.policies.get(viewOf(route.runtime.resource.model)) ?? ADMIN_ONLY;
}

/** What the names of conditions mean when the body names nothing; undefined for those of package types. */
function holds(condition: string, { superuser, held }: Actor): boolean | undefined {
  const [name = '', permissions = ''] = condition.split(':');
  if (superuser || name === 'has_whole_account' || name.includes('_param_')) return true;
  if (name === 'has_required_repo_perms_on_upload') return true;
  if (!/^has_(repo_attr_|repository_|group_)?(model|domain|obj)(_or_(domain|obj))*_perms$/.test(name)) return undefined;
  return permissions.split(',').some((one) => held.has(one));
}

function allows(route: Route, actor: Actor): boolean | undefined {
  let answer: boolean | undefined = false;
  for (const { action, principal, condition } of policyOf(route).statements) {
    if (![action].flat().some((one) => one === '*' || one === actionOf(route))) continue;
    const fits = [principal]
      .flat()
      .some((one) => (one === 'admin' ? actor.superuser : one === 'authenticated' || one === '*'));
    if (!fits) continue;
    const held = [condition ?? []].flat().map((one) => holds(one, actor));
    if (held.every((one) => one === true)) return true;
    if (!held.includes(false)) answer = undefined;
  }
  return answer;
}

/** Whether rows of the kind are shown to somebody who has no role on any of them. */
function sees({ runtime: { resource } }: Route, { superuser, held }: Actor, scoped: boolean): boolean {
  const { app, name, table } = resource.model;
  if (superuser || !scoped) return true;
  if (table === 'task_group') return held.has('core.view_task');
  if (table === 'content') return [...held].some((one) => /\.view_\w*(repository|keyring)$/.test(one));
  return table !== 'api_token' && held.has(`${app}.view_${name.toLowerCase()}`);
}

/** Any object of the list, as administrators see it. */
async function anyOf(list: string): Promise<string | undefined> {
  const { body } = await api.call('GET', `${list}?limit=1`);
  const [one] = body.results ?? [];
  if (!one) return undefined;
  // members of groups are shown by the hrefs of the users
  return one.pulp_href.includes(list)
    ? one.pulp_href
    : `${list.startsWith('/') ? '' : '/pulp/api/v3/'}${list}${one.pulp_href.split('/').at(-2)}/`;
}

async function pathOf(route: Route): Promise<string> {
  const parentList = route.path.split(':parent/')[0]!;
  const parent = route.path.includes(':parent') ? await anyOf(parentList) : undefined;
  const list = parent
    ? route.path.replace(`${parentList}:parent/`, parent.slice('/pulp/api/v3/'.length))
    : route.path.replace(':parent', MISSING);
  if (!isDetail(route)) return list;
  const [before = ''] = list.split(':pk/');
  const object = route.runtime.resource.operations.list ? await anyOf(before) : undefined;
  assert.ok(object, `${route.path}: the world has no such object; full-world.ts has to make one`);
  return list.replace(`${before}:pk/`, object);
}

/** Does nothing to what it is sent to: no field has this name. */
const NOTHING = { no_such_field: true };

async function ask(route: Route, path: string, actor: Actor) {
  const body = ['POST', 'PUT', 'PATCH'].includes(route.method) ? NOTHING : undefined;
  const { status, body: answer } = await api.call(route.method, path, body, { as: actor.as });
  return {
    status,
    said: `${route.method} ${path} as ${actor.name}: ${status} ${JSON.stringify(answer)?.slice(0, 200)}`,
  };
}

async function check(route: Route, path: string, actor: Actor, gone: boolean): Promise<number> {
  const { status, said } = await ask(route, path, actor);
  if (actor.as === null) {
    assert.equal(status, 401, said);
    return status;
  }
  const allowed = allows(route, actor);
  const detail = isDetail(route);
  const seen = sees(route, actor, policyOf(route).queryset_scoping !== null);
  if (allowed && gone) {
    assert.ok([202, 204, 404].includes(status), `allowed, perhaps deleted: ${said}`);
  } else if (allowed === false) {
    const expected = detail && !seen ? [403, 404] : [403];
    assert.ok(expected.includes(status), `refused by the policy: ${said}`);
  } else if (allowed && detail && !seen) {
    assert.equal(status, 404, `allowed, but not visible: ${said}`);
  } else if (allowed) {
    assert.ok(![401, 403, 404, 405, 500].includes(status), `allowed by the policy: ${said}`);
    if (route.operation === 'list' || route.operation === 'read') assert.equal(status, 200, said);
  }
  return status;
}

const order = (route: Route) => (route.method === 'DELETE' ? 1 + (route.path.includes(':parent') ? 0 : 1) : 0);

for (const route of [...routes].sort((a, b) => order(a) - order(b))) {
  test(`${route.method} ${route.path} ${route.act}`, async () => {
    const path = await pathOf(route);
    let gone = false;
    for (const actor of actors) {
      const status = await check(route, path, actor, gone);
      gone ||= route.method === 'DELETE' && [202, 204].includes(status);
    }
  });
}

test('every endpoint beside the resources is for administrators, unless it says that it is open', async () => {
  for (const endpoint of apiEndpoints(program, new VerifiedPasswords(), { apiRoot: '/pulp/', domainEnabled: false })) {
    const key = `${endpoint.method} ${endpoint.path}`;
    if (key === 'get events/') continue;
    for (const actor of actors) {
      const body = ['post', 'put', 'patch'].includes(endpoint.method) ? NOTHING : undefined;
      const { status } = await api.call(endpoint.method.toUpperCase(), endpoint.path, body, { as: actor.as });
      const said = `${key} as ${actor.name}: ${status}`;
      if (endpoint.open) assert.ok(![401, 403].includes(status), said);
      else if (actor.as === null) assert.equal(status, 401, said);
      else if (!actor.superuser && !FOR_EVERYBODY.has(key)) assert.equal(status, 403, said);
      else assert.ok(![401, 403].includes(status), said);
    }
  }
});
