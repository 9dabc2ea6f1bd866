/** Runs the commands of the operator's guide in its order, and checks those that would change the machine. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mainFile } from '../support/command.ts';
import { useDatabase } from '../support/database.ts';
import { makeDataDirectory } from '../support/server.ts';
import { misunderstood, programLines, shellBlocks } from './doc-blocks.ts';

const root = dirname(dirname(mainFile));
const guide = join(root, 'docs/operations.md');
const blocks = shellBlocks(guide);
const scratch = makeDataDirectory();

/** `deckle` on the path, and the places of the guide in a directory of ours. */
mkdirSync(join(scratch, 'bin'));
writeFileSync(join(scratch, 'bin/deckle'), `#!/bin/sh\nexec '${process.execPath}' '${mainFile}' "$@"\n`, {
  mode: 0o755,
});
const here = (text: string) => text.replaceAll('/srv/', `${scratch}/`).replaceAll('127.0.0.1:8090', '127.0.0.1:0');

function shell(text: string, env: NodeJS.ProcessEnv = {}): { child: ChildProcess; output: () => string } {
  const path = `${join(scratch, 'bin')}:${process.env.PATH}`;
  const child = spawn('sh', ['-ec', here(text)], {
    cwd: scratch,
    env: { HOME: scratch, PATH: path, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  return { child, output: () => said };
}

const servers: ChildProcess[] = [];
after(() => {
  for (const server of servers) server.kill('SIGKILL');
});

test('the guide has blocks, and each says how it is tested', () => {
  assert.ok(blocks.length >= 15);
  for (const { line, mark } of blocks) {
    assert.ok(['run', 'background', 'external', 'check'].includes(mark ?? ''), `the block in line ${line} has no mark`);
  }
  // Commands are shown in marked blocks only; other languages have fences of their own.
  assert.equal(readFileSync(guide, 'utf8').match(/^```\w/gm)?.length, blocks.length);
});

for (const { line, mark, text } of blocks) {
  test(`operations.md line ${line} (${mark})`, { timeout: 120_000 }, async () => {
    for (const words of programLines(text)) assert.equal(await misunderstood(words), undefined, words.join(' '));
    for (const file of text.match(/examples\/\S+/g) ?? []) assert.ok(existsSync(join(root, file)), file);
    if (mark === 'check') return;
    const env = mark === 'external' ? { DECKLE_DATABASE_URL: (await useDatabase({ empty: true })).url } : {};
    const { child, output } = shell(mark === 'background' ? `exec ${text}` : text, env);
    if (mark === 'background') {
      servers.push(child);
      while (!output().includes('is ready at')) {
        assert.equal(child.exitCode, null, output());
        await sleep(50);
      }
      return;
    }
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output());
  });
}

test('the server of the guide ends in order', async () => {
  for (const server of servers) {
    server.kill('SIGTERM');
    const [code] = server.exitCode === null ? await once(server, 'exit') : [server.exitCode];
    assert.equal(code, 0);
  }
  assert.equal(servers.length, 1);
});

test('commands in examples are understood', async () => {
  const units = globSync('examples/systemd/*', { cwd: root });
  assert.ok(units.length >= 5);
  for (const unit of units.filter((file) => file.endsWith('.service'))) {
    const text = readFileSync(join(root, unit), 'utf8');
    const lines = programLines(text.match(/^ExecStart=.*$/gm)!.join('\n'));
    assert.equal(lines.length, 1, unit);
    assert.equal(await misunderstood(lines[0]!), undefined, unit);
  }
  const compose = readFileSync(join(root, 'examples/container/compose.yaml'), 'utf8');
  const container = readFileSync(join(root, 'examples/container/Containerfile'), 'utf8');
  const given = [...compose.matchAll(/command: (\[.*\])/g), ...container.matchAll(/^CMD (\[.*\])/gm)];
  assert.equal(given.length, 5);
  for (const [, list] of given) assert.equal(await misunderstood(JSON.parse(list!)), undefined, list);
  for (const [, file] of container.matchAll(/^COPY (?!.*--)(.*) \S+$/gm)) {
    for (const one of file!.split(' ')) assert.ok(existsSync(join(root, one)), one);
  }
});

test('the settings of the example are accepted', async () => {
  const text = readFileSync(join(root, 'examples/deckle.toml'), 'utf8').replace(/^# (\w+ = )/gm, '$1');
  const file = join(scratch, 'all.toml');
  writeFileSync(file, text);
  const { child, output } = shell(`deckle settings --config ${file} --changed`);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output());
  assert.match(output(), /s3_bucket = "artifacts"/);
});
