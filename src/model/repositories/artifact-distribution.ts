/** The hidden distribution that serves artifacts by their ids to whoever has a link this server has signed (core.md §5.2). */
import { randomBytes } from 'node:crypto';
import type { Database, Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Secrets } from '../../lib/crypto/secrets.ts';
import { signLink } from '../../lib/crypto/signed-link.ts';
import { uuid7 } from '../../lib/text/uuid7.ts';

export const ARTIFACT_DISTRIBUTION = 'core.artifact';

/** Made once, in the default domain, under a name that nobody can guess. */
export async function ensureArtifactDistribution(db: Database, secrets: Secrets): Promise<void> {
  if (await find(db)) return;
  await db.transaction(async (tx) => {
    const domain = await tx.row<{ id: number }>(sql`select id from domain where name = 'default' for update`);
    if (!domain || (await find(tx))) return;
    const name = randomBytes(32).toString('hex');
    const guard = uuid7();
    await tx.run(sql`insert into content_guard (pulp_id, domain_id, pulp_type, name, secrets)
      values (${guard}, ${domain.id}, 'core.content_redirect', ${name}, ${secrets.encrypt(randomBytes(32).toString('hex'))})`);
    await tx.run(sql`insert into distribution (pulp_id, domain_id, pulp_type, name, base_path, hidden, content_guard_id)
      values (${uuid7()}, ${domain.id}, ${ARTIFACT_DISTRIBUTION}, ${name}, ${name}, true, ${guard})`);
  });
}

interface Found {
  readonly base_path: string;
  readonly secrets: string;
}

async function find(db: Queryable): Promise<Found | undefined> {
  return await db.row<Found>(sql`select d.base_path, g.secrets from distribution d
    join content_guard g on g.pulp_id = d.content_guard_id
    where d.pulp_type = ${ARTIFACT_DISTRIBUTION} and g.pulp_type = 'core.content_redirect' limit 1`);
}

/** Makes links to artifacts that are good for an hour; `contentUrl` tells the URL of a base path of the default domain. */
export async function artifactLinks(
  db: Queryable,
  secrets: Secrets,
  contentUrl: (basePath: string) => string,
): Promise<(artifactPulpId: string) => string> {
  const found = await find(db);
  if (!found) throw new Error('There is no distribution for artifacts; it is made when the server starts.');
  const key = Buffer.from(secrets.decrypt(found.secrets), 'hex');
  return (id) => signLink(`${contentUrl(found.base_path)}${id}`, key);
}
