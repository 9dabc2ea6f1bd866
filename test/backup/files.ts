/** What tests of backups put into servers and expect back. */
import assert from 'node:assert/strict';
import type { TestServer } from '../support/server.ts';

const api = '/pulp/api/v3/';

/** Uploads a body as an artifact; answers its sha256. */
export async function uploadArtifact(server: TestServer, body: string): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([body]), 'body');
  const response = await server.fetch(`${api}artifacts/`, { method: 'POST', body: form });
  assert.equal(response.status, 201);
  return ((await response.json()) as { sha256: string }).sha256;
}

export async function post(server: TestServer, path: string, body: object): Promise<Record<string, string>> {
  const response = await server.fetch(api + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(response.status < 300, `${path}: ${response.status} ${await response.clone().text()}`);
  return (await response.json()) as Record<string, string>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
export async function get(server: TestServer, path: string): Promise<any> {
  const response = await server.fetch(path.startsWith('/') ? path : api + path);
  assert.equal(response.status, 200, path);
  return await response.json();
}
