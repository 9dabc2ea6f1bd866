/** `readyz/`: whether a process can do its work now, for those who send it requests or restart it. */
import { sql } from '../../db/sql.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { boolean } from '../../plugin-api/declare/field.ts';
import type { StorageDriver } from '../../storage/drivers/driver.ts';
import type { Endpoint } from './endpoint.ts';
import { within } from './within.ts';

interface Readiness {
  readonly database: boolean;
  readonly storage: boolean;
  /** Whether the process is registered and its registration counts. */
  readonly lease: boolean;
}

/** Answers within two seconds. */
export async function readiness(db: Services['db'], storage: StorageDriver, lease: boolean): Promise<Readiness> {
  const answers = (work: Promise<unknown>) => within(work.then(() => true));
  const [database, writable] = await Promise.all([answers(db.run(sql`select 1`)), answers(storage.writable())]);
  return { database: database ?? false, storage: writable ?? false, lease };
}

export function isReady({ database, storage, lease }: Readiness): boolean {
  return database && storage && lease;
}

/** `hasLease` of the process that answers. */
export function readyzEndpoint(hasLease: () => boolean): Endpoint {
  const output = { component: 'Readyz', fields: { database: boolean(), storage: boolean(), lease: boolean() } };
  return {
    method: 'get',
    path: 'readyz/',
    operationId: 'readyz_read',
    tag: 'Readyz',
    summary: 'Whether the process can do its work',
    output: { 200: output, 503: output },
    open: true,
    withoutDomain: true,
    handler: async ({ services, domain }) => {
      const found = await readiness(services.db, services.storage(domain).driver, hasLease());
      return { status: isReady(found) ? 200 : 503, body: found };
    },
  };
}
