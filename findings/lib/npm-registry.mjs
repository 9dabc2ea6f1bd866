// A registry of made-up packages on a free port of 127.0.0.1: `node npm-registry.mjs PACKAGES.json PORT-FILE LOG`.
// PACKAGES.json: {"name": {"tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {more fields}}}}. A PUT is answered 201 and kept in LOG.put.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [, , packagesFile, portFile, log] = process.argv;
const packages = JSON.parse(readFileSync(packagesFile, 'utf8'));
const made = new Map();

function tarball(name, version) {
  const key = `${name}@${version}`;
  if (!made.has(key)) {
    const folder = mkdtempSync(join(tmpdir(), 'finding-package-'));
    mkdirSync(join(folder, 'package'));
    writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify({ name, version }));
    made.set(key, execFileSync('tar', ['czf', '-', 'package'], { cwd: folder }));
    rmSync(folder, { recursive: true });
  }
  return made.get(key);
}

// Fills {sha384} in the texts of a version's own `dist` by that digest of the tarball in base64, and {UPPER-SHA1} by upper-case hexadecimal digits.
function filled(dist, bytes) {
  const digest = (algorithm, form) => createHash(algorithm).update(bytes).digest(form);
  const fill = (text) =>
    text
      ?.replace('{UPPER-SHA1}', () => digest('sha1', 'hex').toUpperCase())
      .replace(/\{(sha\d+)\}/g, (_, algorithm) => digest(algorithm, 'base64'));
  return Object.fromEntries(Object.entries(dist).map(([key, text]) => [key, fill(text ?? undefined)]));
}

function packument(name, { tags, versions }, origin) {
  const day = '2020-01-01T00:00:00.000Z';
  const time = { created: day, modified: day };
  const entries = {};
  for (const [version, more] of Object.entries(versions)) {
    const bytes = tarball(name, version);
    const dist = {
      tarball: `${origin}/${name}/-/${name}-${version}.tgz`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    };
    entries[version] = { name, version, ...more, dist: { ...dist, ...filled(more.dist ?? {}, bytes) } };
    time[version] = day;
  }
  return { _id: name, name, modified: day, 'dist-tags': tags, versions: entries, time };
}

const server = createServer(async (request, response) => {
  appendFileSync(log, `${request.method} ${request.url}\n`);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = (status, type, body) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-cache' });
    response.end(body);
  };
  if (request.method === 'PUT') {
    writeFileSync(`${log}.put`, Buffer.concat(chunks));
    return answer(201, 'application/json', '{"ok":true}');
  }
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname.slice(1));
  const [, name, version] = path.match(/^([^/]+)\/-\/[^/]+?-(\d[^/]*)\.tgz$/) ?? [];
  if (packages[name]?.versions[version]) return answer(200, 'application/octet-stream', tarball(name, version));
  if (!packages[path]) return answer(404, 'application/json', '{"error":"not found"}');
  const origin = `http://127.0.0.1:${server.address().port}`;
  answer(200, 'application/json', JSON.stringify(packument(path, packages[path], origin)));
});
server.listen(0, '127.0.0.1', () => {
  writeFileSync(`${portFile}.new`, String(server.address().port));
  renameSync(`${portFile}.new`, portFile);
});
