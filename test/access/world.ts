/** People with roles and objects to act upon, for the tests of access control. */
import assert from 'node:assert/strict';
import { sql } from '../../src/db/sql.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import type { TestApi } from '../support/api.ts';

export const PASSWORD = 'Right-horse7';

export interface Person {
  readonly name: string;
  readonly href: string;
  readonly id: number;
  /** For `as`. */
  readonly as: string;
}

/** An account without roles. */
export async function makeUser(api: TestApi, name: string): Promise<Person> {
  const { status, body } = await api.call('POST', 'users/', { username: name, password: PASSWORD });
  assert.equal(status, 201, JSON.stringify(body));
  return { name, href: body.pulp_href, id: body.id, as: `${name}:${PASSWORD}` };
}

/** Gives a role everywhere, or on an object. */
export async function give(api: TestApi, person: Person, role: string, object: string | null = null): Promise<void> {
  const { status, body } = await api.call('POST', `${person.href}roles/`, { role, content_object: object });
  assert.equal(status, 201, JSON.stringify(body));
}

export async function made(api: TestApi, path: string, body: object): Promise<string> {
  const reply = await api.call('POST', path, body);
  if (reply.status === 201) return reply.body.pulp_href;
  assert.equal(reply.status, 202, JSON.stringify(reply.body));
  const task = await api.call('GET', reply.body.task);
  assert.equal(task.body.state, 'completed', JSON.stringify(task.body.error));
  return task.body.created_resources[0];
}

/** A publication of a repository's first version, as its task would have made it. */
export async function publication(api: TestApi, repository: string): Promise<string> {
  const id = uuid7();
  await api.db.run(sql`insert into publication (pulp_id, domain_id, pulp_type, repository_version_id, complete)
    select ${id}, r.domain_id, r.pulp_type, v.pulp_id, true from repository r join repository_version v on v.repository_id = r.id
    where r.pulp_id = ${idOf(repository)} limit 1`);
  return `/pulp/api/v3/publications/file/file/${id}/`;
}

export const idOf = (href: string): string => href.split('/').at(-2)!;

let files = 0;

/** A unit of content, in a repository if one is named. */
export async function unit(api: TestApi, repository?: string): Promise<string> {
  const form = new FormData();
  const name = `unit-${++files}`;
  form.set('relative_path', name);
  form.set('file', new Blob([name]), name);
  const { status, body } = await api.call('POST', 'content/file/files/upload/', form);
  assert.equal(status, 201, JSON.stringify(body));
  if (repository) await addUnit(api, body.pulp_href, repository);
  return body.pulp_href;
}

export async function addUnit(api: TestApi, href: string, repository: string): Promise<void> {
  await api.db.run(sql`insert into repository_content (repository_id, content_id, version_added)
    select r.id, c.id, 0 from repository r, content c where r.pulp_id = ${idOf(repository)} and c.pulp_id = ${idOf(href)}`);
}
