/** An index of Python packages that is replicated through its changes, whatever server it is on. */
import assert from 'node:assert/strict';
import { makeSdist, makeWheel } from '../python/upstream.ts';
import type { Json, Peer } from './servers.ts';

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';

async function uploadPackage(peer: Peer, filename: string, bytes: Buffer): Promise<string> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(bytes)]), filename);
  const { status, body } = await peer.call('POST', 'content/python/packages/upload/', form);
  assert.equal(status, 201, JSON.stringify(body));
  return body.pulp_href;
}

async function serveIndex(peer: Peer, name: string, packages: Record<string, Buffer>): Promise<string> {
  const { pulp_href: repository } = await peer.make('repositories/python/python/', { name });
  await addPackages(peer, repository, packages);
  await peer.make('distributions/python/pypi/', { name, base_path: name, repository });
  return repository;
}

async function addPackages(peer: Peer, repository: string, packages: Record<string, Buffer>): Promise<void> {
  const units: string[] = [];
  for (const [filename, bytes] of Object.entries(packages)) units.push(await uploadPackage(peer, filename, bytes));
  await peer.make(`${repository}modify/`, { add_content_units: units });
}

/** Files of a project by name with their digests; undefined when there is no such project. */
async function project(peer: Peer, index: string, name: string): Promise<Record<string, Json> | undefined> {
  const domain = peer.domain === undefined ? '' : `${peer.domain}/`;
  const path = `/pypi/${domain}${index}/simple/${name}/`;
  const response = await peer.server.fetch(path, { headers: { accept: JSON_TYPE } });
  if (response.status !== 200) return undefined;
  const { files } = (await response.json()) as Json;
  return Object.fromEntries(files.map((file: Json) => [file.filename, file]));
}

async function bytesAt(peer: Peer, url: string): Promise<Buffer> {
  const response = await fetch(new URL(url, peer.server.url));
  assert.equal(response.status, 200, url);
  return Buffer.from(await response.arrayBuffer());
}

export async function followIndex(upstream: Peer, replica: Peer): Promise<void> {
  const [alpha, beta] = [makeSdist('alpha', '1.0'), makeWheel('beta', '2.0')];
  const repository = await serveIndex(upstream, 'team', {
    'alpha-1.0.tar.gz': alpha,
    'beta-2.0-py3-none-any.whl': beta.file,
  });
  await serveIndex(upstream, 'empty', {});
  const href = await replica.upstream(upstream);
  assert.deepEqual((await replica.replicate(href)).errors, []);
  assert.deepEqual(await replica.names('distributions/python/pypi/'), ['empty', 'team']);
  for (const name of ['alpha', 'beta']) {
    const [theirs, ours] = [await project(upstream, 'team', name), await project(replica, 'team', name)];
    const digests = (files: Record<string, Json> = {}) =>
      Object.values(files).map((one) => [one.filename, one.hashes.sha256]);
    assert.deepEqual(digests(ours), digests(theirs));
    assert.equal(digests(ours).length, 1);
  }
  const [file] = Object.values((await project(replica, 'team', 'alpha'))!);
  assert.deepEqual(await bytesAt(replica, file.url), alpha);
  assert.deepEqual((await replica.plan(href)).body.items, []);

  // A version without a publication of its own is what the index serves: it counts.
  await addPackages(upstream, repository, { 'alpha-1.1b1.tar.gz': makeSdist('alpha', '1.1b1') });
  const [unit] = (await upstream.get('content/python/packages/?name=beta')).results;
  await upstream.make(`${repository}modify/`, { remove_content_units: [unit.pulp_href] });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  assert.deepEqual(Object.keys((await project(replica, 'team', 'alpha'))!).sort(), [
    'alpha-1.0.tar.gz',
    'alpha-1.1b1.tar.gz',
  ]);
  assert.equal(await project(replica, 'team', 'beta'), undefined);

  await replica.change(href, { remote_policy: 'on_demand' });
  await addPackages(upstream, repository, { 'gamma-1.tar.gz': makeSdist('gamma', '1') });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  const [late] = Object.values((await project(replica, 'team', 'gamma'))!);
  assert.deepEqual(await bytesAt(replica, late.url), makeSdist('gamma', '1'));
  assert.deepEqual((await replica.plan(href)).body.items, []);
}
