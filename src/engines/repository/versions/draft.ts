/** How a version in the making is changed: in batches of its own while it is filled, or within the transaction that completes it. */
import type { Transaction } from '../../../db/database.ts';
import type { Sql } from '../../../db/sql.ts';
import type { SavedUnit } from '../../../model/content/content.ts';
import { withNamed } from '../../../model/content/named-units.ts';
import { addContent, addNewContent, removeContent } from '../../../model/repositories/membership.ts';
import type { VersionRow } from '../../../model/repositories/repository-version.ts';
import type { DraftContext } from '../../../plugin-api/contracts/draft.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { Repository, VersionDraft } from '../../../plugin-api/contracts/version.ts';
import { contentTools } from '../content-tools.ts';
import { prepareUnits, savedContent, saveUnits } from '../save-units.ts';
import type { TempPool } from '../temp-pool.ts';
import { insideOf } from './inside-transaction.ts';

const BATCH = 20_000;

/** Each change is a transaction of the task. Inside one (`insideOf`) they are parts of it. */
export function draftOf(context: TaskContext, row: VersionRow): VersionDraft {
  const inBatches = async (ids: readonly number[], work: typeof addContent) => {
    let changed = 0;
    for (let at = 0; at < ids.length; at += BATCH) {
      changed += await context.write((tx) => work(tx, row, ids.slice(at, at + BATCH)));
    }
    return changed;
  };
  return {
    id: row.id,
    pulpId: row.pulpId,
    number: row.number,
    repositoryId: row.repositoryId,
    add: (ids) => inBatches(ids, addContent),
    remove: (ids) => inBatches(ids, removeContent),
    save: async (units) => {
      const prepared = await prepareUnits(context, context.domain, units);
      const saved = await context.write(async (tx) => {
        const all = await saveUnits(tx, context.domain.id, prepared.units);
        await addSaved(tx, row, withNamed(all));
        return all;
      });
      return savedContent(prepared, saved);
    },
  };
}

/** Adds units that were saved in this transaction, so that nothing can remove them in between. */
export async function addSaved(tx: Transaction, row: VersionRow, units: readonly SavedUnit[]): Promise<number> {
  const ids = (existed: boolean) => [
    ...new Set(units.filter((unit) => unit.existed === existed).map((unit) => unit.id)),
  ];
  return (await addNewContent(tx, row, ids(false))) + (await addContent(tx, row, ids(true)));
}

/** A draft for hooks, and whether it was changed since this was last asked. */
interface HookDraft {
  readonly draft: DraftContext;
  takeChanged(): boolean;
}

export function hookDraft(
  context: TaskContext,
  tx: Transaction,
  row: VersionRow,
  repository: Repository,
  added: Sql,
  temps: TempPool,
): HookDraft {
  const inside: TaskContext = { ...insideOf(context, tx), created: context.created };
  const plain = draftOf(inside, row);
  let changed = false;
  const noting =
    <A, R>(act: (argument: A) => Promise<R>) =>
    (argument: A): Promise<R> => {
      changed = true;
      return act(argument);
    };
  return {
    draft: {
      ...inside,
      ...plain,
      repository,
      added,
      content: contentTools(inside, temps),
      add: noting(plain.add),
      remove: noting(plain.remove),
      save: noting(plain.save),
    },
    takeChanged: () => {
      const was = changed;
      changed = false;
      return was;
    },
  };
}
