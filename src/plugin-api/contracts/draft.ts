/** What hooks are given of a version that is about to be complete. */
import type { Sql } from '../../db/sql.ts';
import type { ContentTools } from './content-tools.ts';
import type { TaskContext } from './task.ts';
import type { Repository, VersionDraft } from './version.ts';

/**
 * A version that is checked before it is complete. Everything happens in the transaction that completes it: `db` reads what the version
 * has by now, what is changed goes with it when it is refused. The transaction may be run again, so that a hook must do nothing outside
 * the database that cannot happen twice.
 */
export interface DraftContext extends TaskContext, VersionDraft {
  readonly repository: Repository;
  /** Works within the transaction. */
  readonly content: ContentTools;
  /** Condition on `rc`, a row of repository_content: the unit is in the version and was not in what it started from. */
  readonly added: Sql;
}
