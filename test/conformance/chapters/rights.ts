/** Roles of creators, owners and viewers: who sees an object, changes it, deletes it, makes one; who has none sees nothing. */
import assert from 'node:assert/strict';
import { labelOf } from '../../../src/plugin-api/declare/model.ts';
import type { Place } from '../place.ts';
import type { Json } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

const PASSWORD = 'Right-horse7';
type Kind = 'repository' | 'remote' | 'distribution';

export function rightsChapter(suite: Suite): void {
  for (const kind of ['repository', 'remote', 'distribution'] as const) {
    const type = suite.description[kind];
    if (!type || (kind === 'remote' && !suite.description.upstream)) continue;
    const label = labelOf(type.model);
    const change = { pulp_labels: { changed: 'yes' } };

    suite.check(`rights: roles of a ${kind}`, ['roles'], async (place) => {
      const object = await make(place, kind);
      const href = object.pulp_href;
      const [nobody, viewer, owner] = [await user(place), await user(place), await user(place)];
      await give(place, viewer, `${label}_viewer`, href);
      await give(place, owner, `${label}_owner`, href);
      const status = async (who: string, method: string, path: string, body?: object) =>
        (await place.as(who, method, path, body)).status;

      assert.equal((await place.as(nobody, 'GET', place.list(kind))).body.count, 0);
      assert.equal((await place.as(viewer, 'GET', place.list(kind))).body.count, 1);
      assert.equal(await status(nobody, 'GET', href), 404);
      assert.equal(await status(nobody, 'PATCH', href, change), 404);
      assert.equal(await status(nobody, 'DELETE', href), 404);
      assert.equal(await status('nobody:knows', 'GET', href), 401);
      assert.equal(await status(viewer, 'GET', href), 200);
      assert.equal(await status(viewer, 'PATCH', href, change), 403);
      assert.equal(await status(viewer, 'DELETE', href), 403);
      assert.equal((await place.get(href)).pulp_labels.changed, undefined);
      assert.ok([200, 202].includes(await status(owner, 'PATCH', href, change)));
      const { status: deleted, body } = await place.as(owner, 'DELETE', href);
      assert.ok([202, 204].includes(deleted), JSON.stringify(body));
      if (deleted === 202) await place.ended(body.task);
      assert.equal((await place.call('GET', href)).status, 404);
    });

    suite.check(`rights: who makes a ${kind} owns it`, ['roles'], async (place) => {
      const [nobody, creator] = [await user(place), await user(place)];
      await give(place, creator, `${label}_creator`, null, place.domain);
      const body = bodyOf(place, kind);
      assert.equal((await place.as(nobody, 'POST', place.list(kind), body)).status, 403);
      assert.equal(await place.count(place.list(kind)), 0);
      const reply = await place.as(creator, 'POST', place.list(kind), body);
      assert.ok([201, 202].includes(reply.status), JSON.stringify(reply.body));
      if (reply.status === 202) await place.ended(reply.body.task);
      const [object] = (await place.as(creator, 'GET', place.list(kind))).body.results;
      const changed = await place.as(creator, 'PATCH', object.pulp_href, change);
      assert.ok([200, 202].includes(changed.status), JSON.stringify(changed.body));
      const other = await suite.place();
      assert.equal((await other.as(creator, 'POST', other.list(kind), body)).status, 403, 'in another domain');
    });
  }

  suite.check('rights: a sync needs rights on the repository and the remote', ['roles', 'sync'], async (place) => {
    const { repository, remote } = suite.description;
    place.offer([suite.description.samples.kept]);
    const [synced, source] = [await place.repository(), await place.remote()];
    const person = await user(place);
    const sync = async () => await place.as(person, 'POST', `${synced.pulp_href}sync/`, { remote: source.pulp_href });
    assert.equal((await sync()).status, 404);
    await give(place, person, `${labelOf(repository.model)}_viewer`, synced.pulp_href);
    assert.equal((await sync()).status, 403);
    await give(place, person, `${labelOf(repository.model)}_owner`, synced.pulp_href);
    assert.ok([400, 403].includes((await sync()).status), 'the remote is hidden');
    await give(place, person, `${labelOf(remote!.model)}_viewer`, source.pulp_href);
    const { status, body } = await sync();
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal((await place.ended(body.task)).state, 'completed');
  });
}

let users = 0;

/** `name:password` of a new account without roles. */
async function user(place: Place): Promise<string> {
  const username = `person-${++users}`;
  await place.make('users/', { username, password: PASSWORD });
  return `${username}:${PASSWORD}`;
}

async function give(place: Place, who: string, role: string, object: string | null, domain?: string): Promise<void> {
  const username = who.split(':')[0];
  const { results } = await place.get(`users/?username=${username}`);
  const within = domain === undefined ? null : (await place.get(`domains/?name=${domain}`)).results[0].pulp_href;
  const body = { role, content_object: object, ...(within && { domain: within }) };
  const reply = await place.call('POST', `${results[0].pulp_href}roles/`, body);
  assert.equal(reply.status, 201, `${role}: ${JSON.stringify(reply.body)}`);
}

async function make(place: Place, kind: Kind): Promise<Json> {
  if (kind === 'repository') return await place.repository();
  return kind === 'remote' ? await place.remote() : await place.distribute({});
}

function bodyOf(place: Place, kind: Kind): object {
  const name = place.name('own');
  if (kind === 'distribution') return { name, base_path: name };
  const { url, remote } = place.description.upstream ?? {};
  return kind === 'repository' ? { name } : { name, ...remote, url: url!(place.source.origin) };
}
