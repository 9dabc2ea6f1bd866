/** Projects that upstream has refused while it answered for others: they are told, and a mirror keeps what it has of them. */
import { messageOf } from '../../../lib/errors.ts';
import { type SyncContext, sql } from '../../../plugin-api/index.ts';
import { normalizeName } from '../formats/project-name.ts';

/** Names that the report of a task tells; the log has all. */
const MOST_TOLD = 20;

export class RefusedProjects {
  readonly #context: SyncContext;
  readonly #names: string[] = [];
  #first: unknown;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  add(name: string, error: Error): void {
    this.#first ??= error;
    this.#names.push(normalizeName(name));
    this.#context.logger.warn({ project: name }, `upstream refuses a project: ${messageOf(error)}`);
  }

  /** Once all were asked, of which so many were had. Throws the first refusal where there was nothing else. */
  end(had: number): void {
    const total = this.#names.length;
    if (total === 0) return;
    if (had === 0) throw this.#first;
    const told = this.#names.slice(0, MOST_TOLD).join(', ');
    const suffix = `${told}${total > MOST_TOLD ? ', …' : ''}: ${messageOf(this.#first)}`;
    const message = 'Projects that upstream refuses';
    const report = this.#context.progress({ message, code: 'sync.project.refused', total, suffix });
    report.add(total);
    report.finish('failed');
  }

  /** Of units by content id, those that belong to such projects. */
  async unitsAmong(ids: readonly number[]): Promise<readonly number[]> {
    if (this.#names.length === 0) return [];
    const isRefused = sql`name_normalized = any(${this.#names}::text[])`;
    const rows = await this.#context.db.rows<{
      id: number;
    }>(sql`with u as materialized (select unnest(${ids}::bigint[]) as id)
      select p.content_id as id from u join python_package p on p.content_id = u.id where p.${isRefused}
      union select y.content_id from u join python_yank y on y.content_id = u.id where y.${isRefused}
      union select o.content_id from u join python_provenance o on o.content_id = u.id
        join python_package p on p.sha256 = o.package_sha256 where p.${isRefused}`);
    return rows.map((row) => row.id);
  }
}
