/** Where the scenarios of flaws are played: domains of their own on two upstream servers and a replica. */
import { test } from 'node:test';
import { type LyingProxy, lyingProxy } from './lying-proxy.ts';
import { type Json, Peer, startPeer } from './servers.ts';

/** Servers of which each scenario gets a domain; upstreams of ours, or others that run already. */
export interface Servers {
  readonly replica: Peer;
  readonly a: Peer;
  readonly b: Peer;
  /** Storage settings of new domains of the upstreams. */
  readonly storage?: object;
}

export interface World {
  readonly replica: Peer;
  readonly a: Peer;
  readonly b: Peer;
  /** `a` behind a proxy that changes its answers. */
  liar(): Promise<{ readonly peer: Peer; readonly proxy: LyingProxy }>;
  /** A repository of upstream whose only file cannot be fetched. */
  serveBroken(from: Peer, name: string): Promise<Json>;
  /** All distributions, repositories and remotes of the replica with every field. */
  everything(): Promise<string>;
}

export type Scenario = (world: World) => Promise<void>;

/** Titles begin with the number of the flaw. */
export type Scenarios = Readonly<Record<string, Scenario>>;

let last = 0;

export async function makeWorld(servers: Servers): Promise<World> {
  const name = `d${process.pid}-${++last}`;
  const { storage } = servers;
  const replica = await servers.replica.inNewDomain(name);
  const a = await servers.a.inNewDomain(`${name}a`, storage);
  const b = await servers.b.inNewDomain(`${name}b`, storage);
  return {
    replica,
    a,
    b,
    async liar() {
      const proxy = await lyingProxy(a.server);
      return { proxy, peer: new Peer(proxy.server, a.domain) };
    },
    serveBroken: (from, broken) => serveBroken(from, broken),
    async everything() {
      const lists = [
        'distributions/file/file/',
        'repositories/file/file/',
        'remotes/file/file/',
        'publications/file/file/',
      ];
      const bodies = await Promise.all(lists.map((path) => replica.get(`${path}?limit=1000&ordering=pulp_created`)));
      return JSON.stringify(bodies);
    },
  };
}

/** Its bytes are on demand from an address at which nobody answers. */
async function serveBroken(from: Peer, name: string): Promise<Json> {
  const sha256 = 'ab'.repeat(32);
  const { createServer } = await import('node:http');
  const source = createServer((request, response) => {
    response.writeHead(request.url!.endsWith('PULP_MANIFEST') ? 200 : 404);
    response.end(request.url!.endsWith('PULP_MANIFEST') ? `f,${sha256},3\n` : '');
  });
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  const { port } = source.address() as { port: number };
  const url = `http://127.0.0.1:${port}/PULP_MANIFEST`;
  const remote = await from.make('remotes/file/file/', { name, url, policy: 'on_demand', max_retries: 0 });
  const repository = await from.make('repositories/file/file/', { name, autopublish: true });
  await from.task((await from.call('POST', `${repository.pulp_href}sync/`, { remote: remote.pulp_href })).body.task);
  source.close();
  await from.make('distributions/file/file/', { name, base_path: name, repository: repository.pulp_href });
  return { repository: repository.pulp_href, distribution: await from.distribution(name) };
}

/** Each scenario as a test, on three servers of ours that outlive them all. */
export async function playAll(scenarios: Scenarios): Promise<void> {
  const settings = { domain_enabled: true };
  const [replica, a, b] = await Promise.all([
    startPeer({ settings: { ...settings, workers: 2, web: 2 } }),
    startPeer({ settings }),
    startPeer({ settings }),
  ]);
  for (const [title, scenario] of Object.entries(scenarios)) {
    test(title, { timeout: 240_000 }, async () => scenario(await makeWorld({ replica, a, b })));
  }
}
