/** Finds the content guard here that stands for one of upstream: of the same type and name. */
import { sql } from '../../../db/sql.ts';
import type { Services } from '../../../plugin-api/contracts/context.ts';
import type { SnapshotOptions } from './snapshot.ts';
import type { UpstreamApi } from './upstream-api.ts';

/** Each guard is asked for once. */
export function guardFinder(
  api: UpstreamApi,
  { db, models }: Pick<Services, 'db' | 'models'>,
  domainId: number,
): NonNullable<SnapshotOptions['guard']> {
  const known = new Map<string, Promise<{ id: string } | { missing: string }>>();
  const find = async (href: string) => {
    const guard = await api.object(href, `the content guard ${href}`);
    const model = /\/(contentguards\/[^/]+\/[^/]+)\/[^/]+\/$/.exec(href)?.[1];
    const type = model && models.byPath(model)?.pulpType;
    const name = String(guard?.name ?? href);
    const found =
      type &&
      (await db.row<{ id: string }>(sql`select pulp_id as id from content_guard
        where domain_id = ${domainId} and pulp_type = ${type} and name = ${name}`));
    return (
      found || {
        missing: `its content guard '${name}' (${model ?? 'of an unknown type'}) is not here; make one of that type and name`,
      }
    );
  };
  return (href) => {
    const asked = known.get(href) ?? find(href);
    known.set(href, asked);
    return asked;
  };
}
