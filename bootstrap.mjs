// Installs the dependencies when they are missing or outdated, then hands over to the program under the project's Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.deckle-installed');

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function installed() {
  if (!existsSync(join(modules, '.bin'))) return false;
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockDigest();
  // Installed by npm itself: it writes its own list last.
  const list = join(modules, '.package-lock.json');
  return existsSync(list) && statSync(list).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function install() {
  process.stderr.write('Installing dependencies …\n');
  rmSync(stamp, { force: true });
  const options = ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'];
  const done = spawnSync('npm', options, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.status !== 0) {
    // npm follows the reason with pages of usage.
    const reason = done.error?.message ?? `${done.stdout}${done.stderr}`.trim().split('\n').slice(0, 15).join('\n');
    process.stderr.write(`Installing the dependencies failed (npm ci in ${root}):\n${reason}\n`);
    process.exit(1);
  }
  writeFileSync(stamp, lockDigest());
}

function findNode() {
  const own = join(modules, '.bin', 'node');
  if (existsSync(own)) return own;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  process.stderr.write(
    `Node 24 or newer is needed; this is ${process.version}, and none is packaged for this platform.\n`,
  );
  process.exit(1);
}

if (!installed()) install();
const words = process.argv.slice(2);
const scripts = {
  '--test': 'scripts/run-tests.ts',
  '--e2e': 'scripts/run-e2e.ts',
  '--new-plugin': 'scripts/new-plugin.ts',
};
const [script, args] = scripts[words[0]] ? [scripts[words[0]], words.slice(1)] : ['src/main.ts', words];
// A socket that systemd has opened for us.
const activated = process.env.LISTEN_PID === String(process.pid) && Number(process.env.LISTEN_FDS) > 0;
// Over the channel the program notices when this process is killed.
const child = spawn(findNode(), [join(root, script), ...args], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...(activated ? [3] : [])],
  // Set here already so that the entry file is cached too.
  env: {
    NODE_COMPILE_CACHE: join(modules, '.cache', 'deckle'),
    ...process.env,
    ...(activated && { LISTEN_FD: '4' }),
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])
  process.on(signal, () => child.kill(signal));
// When npm is killed outright it tells nobody; whoever else starts this may go and leave the server running.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000).unref();
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
