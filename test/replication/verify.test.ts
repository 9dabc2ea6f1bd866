/** What was fetched is compared with what upstream lists, for each kind of content that a type names, and in the right domain. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { sql } from '../../src/db/sql.ts';
import type { PlanItem, Wanted } from '../../src/engines/replication/plan/plan-types.ts';
import { verifyFetched } from '../../src/engines/replication/stage/verify-fetched.ts';
import { findUpstream } from '../../src/engines/replication/upstream/upstream.ts';
import { digestsOf } from '../../src/lib/crypto/digest.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { latestVersion } from '../../src/model/repositories/repository-version.ts';
import type { Replicator } from '../../src/plugin-api/contracts/replicate.ts';
import { fileContent } from '../../src/plugins/file/content.ts';
import { replicateFiles } from '../../src/plugins/file/replicate.ts';
import { useUpstream } from '../content/upstream.ts';
import { useWorld } from '../content/world.ts';
import { serve } from '../support/upstream-servers.ts';

const world = await useWorld();
const files = { 'a.txt': 'a', 'b.txt': 'b' };
const listed = Object.entries(files).map(([path, text]) => ({
  pulp_href: path,
  relative_path: path,
  sha256: digestsOf(text, ['sha256']).sha256!,
  also: path,
}));

let units: Record<string, unknown>[];
let domains: boolean;
beforeEach(() => {
  units = structuredClone(listed);
  domains = false;
});
const server = await serve((request, response) => {
  const { pathname } = new URL(request.url!, 'http://upstream');
  const isStatus = pathname === '/pulp/api/v3/status/';
  const isList = pathname === `/pulp/${domains ? 'default/' : ''}api/v3/content/file/files/`;
  const body = isStatus ? { versions: [], domain_enabled: domains } : { count: units.length, results: units };
  response.writeHead(isStatus || isList ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
after(() => server[Symbol.asyncDispose]());

/** Two kinds of content stand in one table here: what matters is that both are asked for. */
const replicator: Replicator = {
  ...replicateFiles,
  verified: [...replicateFiles.verified!, { content: fileContent, digest: { column: 'relative_path', wire: 'also' } }],
};

const repository = await world.repository();
const origin = await useUpstream();
await world.sync(repository, await world.remote(origin.publish('verified', files), 'on_demand'));
const version = await latestVersion(world.db, repository.id);
const [upstreamId, runId] = [uuid7(), uuid7()];
await world.db.run(sql`insert into upstream_pulp (pulp_id, domain_id, name, base_url, api_root)
  values (${upstreamId}, ${world.domain.id}, 'up', ${server.url}, 'pulp')`);
await world.db.run(sql`insert into replication_run (pulp_id, domain_id, upstream_id)
  values (${runId}, ${world.domain.id}, ${upstreamId})`);
await world.db.run(sql`insert into replication_item (run_id, key, object, type, name, act, state, target, counts)
  values (${runId}, 'one', 'distribution', 'file.file', 'one', 'create', 'staged',
    ${JSON.stringify({ repository: { id: repository.pulpId } })}::jsonb, '{"file.file": 2}')`);
await world.db.run(sql`insert into replication_holding (repository_id, upstream_id, upstream_href, version_id)
  values (${repository.pulpId}, ${upstreamId}, 'href', ${version.pulpId})`);

async function verify(): Promise<string[]> {
  const { context } = world.context();
  const upstream = await findUpstream(world.db, context.secrets, world.domain.id, upstreamId);
  const wanted = { name: 'one', counts: { 'file.file': 2 }, version: 'prn:version' } as unknown as Wanted;
  const item = { key: 'one', type: 'file.file', wanted } as unknown as PlanItem;
  return (await verifyFetched(context, [replicator], upstream!, runId, [item])).map(({ error }) => error);
}

test('what is as upstream lists it is well', async () => {
  assert.deepEqual(await verify(), []);
});

test('each kind of content is compared, the first difference is told', async () => {
  units[1]!.also = 'other';
  assert.deepEqual(await verify(), ["'b.txt' came with the digest b.txt, upstream lists it with other"]);
  units[0]!.sha256 = 'f00';
  assert.match((await verify())[0]!, /^'a\.txt' came with the digest [0-9a-f]{64}, upstream lists it with f00$/);
});

test('an upstream with domains is asked in its default one where none is set', async () => {
  domains = true;
  assert.deepEqual(await verify(), []);
});
