/** Scans of versions: a mirror of records on this machine, and a service that answers in pages; nobody is asked unless set. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type RunningServer, useRunningServer } from '../support/running-server.ts';
import { makeSdist } from './upstream.ts';

async function packages(server: RunningServer): Promise<{ version: string; hrefs: Record<string, string> }> {
  const repository = await server.create('repositories/python/python/', {});
  const hrefs: Record<string, string> = {};
  for (const version of ['1.0', '2.0']) {
    const form = new FormData();
    form.set('repository', repository.pulp_href);
    form.set('relative_path', `shelf-${version}.tar.gz`);
    form.set('file', new Blob([makeSdist('shelf', version) as Uint8Array<ArrayBuffer>]), `shelf-${version}.tar.gz`);
    const { body } = await server.call('POST', 'content/python/packages/', form);
    const task = await server.ended(body.task);
    assert.equal(task.state, 'completed', JSON.stringify(task.error));
    hrefs[version] = task.created_resources.find((href) => href.includes('/content/'))!;
  }
  return { hrefs, version: `${repository.pulp_href}versions/2/` };
}

const reports = async (server: RunningServer, version: string) =>
  (await server.call('GET', `vuln_report/?repo_versions=${version}`)).body;

test('a mirror on this machine', async () => {
  const root = mkdtempSync(join(tmpdir(), 'deckle-osv-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'PyPI'));
  const write = (events: object[]) =>
    writeFileSync(
      join(root, 'PyPI', 'X-1.json'),
      JSON.stringify({
        id: 'X-1',
        affected: [{ package: { name: 'shelf', ecosystem: 'PyPI' }, ranges: [{ type: 'ECOSYSTEM', events }] }],
      }),
    );
  write([{ introduced: '0' }, { fixed: '1.5' }]);
  const server = await useRunningServer({ vuln_report_url: pathToFileURL(root).href });
  const { version, hrefs } = await packages(server);
  assert.equal((await server.run(`${version}scan/`)).state, 'completed');
  const { count, results } = await reports(server, version);
  assert.equal(count, 1);
  assert.deepEqual(
    [results[0].content, results[0].repo_versions, results[0].vulns[0].id],
    [hrefs['1.0'], [version], 'X-1'],
  );
  const { body: unit } = await server.call('GET', hrefs['1.0']!);
  assert.equal(unit.vuln_report, results[0].pulp_href);
  // withdrawn meanwhile
  write([{ introduced: '9' }]);
  await server.run(`${version}scan/`);
  assert.equal((await reports(server, version)).count, 0);
  await server.server.stop();
});

test('a service that answers in pages, and none', async () => {
  const asked: { package: object; page_token?: string }[] = [];
  const service = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const query = JSON.parse(Buffer.concat(pieces).toString());
      asked.push(query);
      response.setHeader('content-type', 'application/json');
      if (query.version !== '2.0') return void response.end('{}');
      response.end(
        JSON.stringify(
          query.page_token ? { vulns: [{ id: 'P-2' }] } : { vulns: [{ id: 'P-1' }], next_page_token: 'next' },
        ),
      );
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  after(() => service.close());
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/v1/query`;
  const server = await useRunningServer({ vuln_report_url: url });
  const { version } = await packages(server);
  await server.run(`${version}scan/`);
  const { count, results } = await reports(server, version);
  assert.deepEqual([count, results[0].vulns.map(({ id }: { id: string }) => id)], [1, ['P-1', 'P-2']]);
  assert.deepEqual(asked[0]!.package, { name: 'shelf', ecosystem: 'PyPI' });
  await server.server.stop();
  const silent = await useRunningServer();
  const other = await packages(silent);
  const { state, error } = await silent.run(`${other.version}scan/`);
  assert.equal(state, 'failed');
  assert.match(error!.description, /vuln_report_url/);
});
