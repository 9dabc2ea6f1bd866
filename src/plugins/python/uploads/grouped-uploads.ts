/** Uploads of one user to one repository that follow each other closely: the first dispatches a task, which waits for the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, sql, type TaskContext } from '../../../plugin-api/index.ts';

/** Seconds without a further upload after which the task begins. */
const WINDOW = 5;
/** Milliseconds after which a task whose group was never written down gives up: the first request has failed. */
const LONGEST_ABSENCE = 30_000;

/** A file that was uploaded and waits to become a unit. */
export interface UploadedFile {
  /** Ids of artifacts on the wire. */
  readonly artifact: string;
  readonly filename: string;
  readonly attestations?: unknown;
}

interface UploadGroup {
  readonly session: string;
  /** Id of the task on the wire. */
  readonly task: string;
  readonly startTime: string;
}

interface GroupRow {
  readonly session: string;
  readonly task: string;
  readonly start_time: Date | string;
}

const groupOf = ({ session, task, start_time: time }: GroupRow): UploadGroup => ({
  session,
  task,
  startTime: time instanceof Date ? time.toISOString() : time,
});

const soon = sql`clock_timestamp() + make_interval(secs => ${WINDOW})`;

/** Adds a file to the group that is still waiting; undefined when there is none, or it has a file of the name: one will be refused. */
export async function joinGroup(
  db: Database,
  repositoryId: string,
  userId: number | null,
  file: UploadedFile,
): Promise<UploadGroup | undefined> {
  const row = await db.row<GroupRow>(sql`update python_upload_group
    set files = files || ${sql.json([file])}, start_time = ${soon}
    where repository_id = ${repositoryId} and user_id is not distinct from ${userId} and start_time > clock_timestamp()
      and not files @> ${sql.json([{ filename: file.filename }])}
    returning pulp_id as session, task, start_time`);
  return row && groupOf(row);
}

/** The task was dispatched with the session for its argument. */
export async function beginGroup(
  db: Database,
  group: { session: string; task: string; repositoryId: string; userId: number | null; file: UploadedFile },
): Promise<UploadGroup> {
  const { session, task, repositoryId, userId, file } = group;
  const row =
    await db.row<GroupRow>(sql`insert into python_upload_group (pulp_id, repository_id, user_id, task, start_time, files)
    values (${session}, ${repositoryId}, ${userId}, ${task}, ${soon}, ${sql.json([file])})
    returning pulp_id as session, task, start_time`);
  return groupOf(row!);
}

/** The files of a group once no more come; then it is gone. */
export async function takeGroup(context: TaskContext, session: string): Promise<readonly UploadedFile[]> {
  const started = performance.now();
  for (;;) {
    context.signal.throwIfAborted();
    const taken = await context.write((tx) =>
      tx.row<{ files: UploadedFile[] }>(sql`delete from python_upload_group
        where pulp_id = ${session} and start_time <= clock_timestamp() returning files`),
    );
    if (taken) return taken.files;
    const waiting = await context.db.row<{ wait: number }>(sql`select
      extract(epoch from start_time - clock_timestamp())::float8 * 1000 as wait from python_upload_group where pulp_id = ${session}`);
    if (!waiting && performance.now() - started > LONGEST_ABSENCE) return [];
    await sleep(Math.max(10, waiting?.wait ?? 100), undefined, { signal: context.signal });
  }
}
