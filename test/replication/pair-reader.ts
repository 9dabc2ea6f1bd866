/** Clients that read two related repositories over and over while the server under them changes and fails. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './servers.ts';

/** Puts the files that are read into these repositories of upstream, in their next generation. */
export async function publishGeneration(upstream: Peer, repositories: readonly string[], generation: number) {
  for (const [at, repository] of repositories.entries())
    await upstream.publish(repository, { v: `${generation}`, own: `${at} of ${generation}` });
}

/** Asks for a run of a replica that may be dying. */
export async function beginRun(replica: Peer, upstream: string): Promise<void> {
  const started = await replica.call('POST', `${upstream}replicate/`, {}).catch(() => undefined);
  assert.ok(started === undefined || [202, 500, 503].includes(started.status), JSON.stringify(started));
}

/** Until no task is under way: those of dead workers have been ended. */
export async function settled(replica: Peer): Promise<void> {
  for (;;) {
    const { count } = await replica.get('tasks/?state__in=waiting,running,canceling&limit=1');
    if (count === 0) return;
    await sleep(200);
  }
}

/**
 * Reads one repository, then the other, of any of the servers: the second must never be older, whichever comes first. The files
 * `v` hold the generation, `own` begins with the number of the repository.
 */
export function readPairs(origins: readonly string[], repositories: number) {
  const wrong: string[] = [];
  let reads = 0;
  let going = true;
  let asked = 0;
  const readText = async (name: string, file: string): Promise<string | undefined> => {
    const origin = origins[asked++ % origins.length];
    const answer = await fetch(`${origin}/pulp/content/${name}/${file}`, {
      signal: AbortSignal.timeout(5000),
    }).catch(() => undefined);
    if (!answer) return undefined;
    const text = await answer.text().catch(() => undefined);
    if (text === undefined || answer.status >= 500) return undefined;
    if (answer.status !== 200) wrong.push(`${name}/${file}: ${answer.status}`);
    return text;
  };
  const read = async (name: string): Promise<number | undefined> => {
    const text = await readText(name, 'v');
    return text === undefined ? undefined : Number(text);
  };
  // Every repository serves its own files and nothing else, whatever happens to others.
  const others = (async () => {
    for (let turn = 0; going; turn++) {
      const at = turn % repositories;
      const text = await readText(`r${at}`, 'own');
      if (text !== undefined && text.split(' ')[0] !== `${at}`) wrong.push(`r${at}/own: ${text}`);
      await sleep(text === undefined ? 20 : 2);
    }
  })();
  const done = (async () => {
    for (let turn = 0; going; turn++) {
      const [first, second] = turn % 2 === 0 ? ['r0', 'r1'] : ['r1', 'r0'];
      const before = await read(first!);
      const after = before === undefined ? undefined : await read(second!);
      if (before === undefined || after === undefined) {
        await sleep(20);
        continue;
      }
      reads++;
      if (after < before) wrong.push(`${first} was ${before}, then ${second} was ${after}`);
    }
  })();
  return {
    async stop() {
      going = false;
      await Promise.all([done, others]);
      return { wrong, reads };
    },
  };
}
