/** Guards of content as rows: secrets, members of composites, and who hears of a change. */
import type { Transaction } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { announceChange } from './repositories/distribution-change.ts';

/** Tells the content processes; composites above a changed guard change with it, as they are remembered with their members. */
export async function announceGuardChange(tx: Transaction, id: string): Promise<void> {
  await tx.run(sql`with recursive above (guard_id) as (
      select guard_id from content_guard_member where member_id = ${id}
      union select m.guard_id from content_guard_member m join above on m.member_id = above.guard_id)
    update content_guard set details = details where pulp_id in (select guard_id from above)`);
  await announceChange(tx);
}

/** Whoever is about to use the guard waits until the transaction ends, and finds that it is gone. */
export async function lockGuard(tx: Transaction, id: string): Promise<void> {
  await tx.run(sql`select 1 from content_guard where pulp_id = ${id} for update`);
}

export async function deleteGuard(tx: Transaction, id: string): Promise<void> {
  await announceGuardChange(tx, id);
  await tx.run(sql`delete from content_guard where pulp_id = ${id}`);
}

/** `secrets` is encrypted already. */
export async function setGuardSecrets(tx: Transaction, id: string, secrets: string): Promise<void> {
  await tx.run(sql`update content_guard set secrets = ${secrets} where pulp_id = ${id}`);
}

/** The guards of a composite in their order; one that is named twice counts where it stands first. */
export async function setGuardMembers(tx: Transaction, id: string, members: readonly string[]): Promise<void> {
  await tx.run(sql`delete from content_guard_member where guard_id = ${id}`);
  await tx.run(sql`insert into content_guard_member (guard_id, member_id, position)
    select ${id}, member, min(position) from unnest(${members}::uuid[]) with ordinality as given (member, position) group by member`);
}
