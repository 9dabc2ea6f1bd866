/** Checks a version in the making, lets its type amend it, and makes it visible: all in one transaction. */
import type { Transaction } from '../../../db/database.ts';
import { countVersion } from '../../../model/repositories/membership.ts';
import { announceRepositoryChange } from '../../../model/repositories/repository.ts';
import { completeVersion, dropVersion, type VersionRow } from '../../../model/repositories/repository-version.ts';
import type { RepositoryType } from '../../../plugin-api/contracts/repository.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { Repository } from '../../../plugin-api/contracts/version.ts';
import { prn } from '../../../plugin-api/declare/model.ts';
import { TempPool } from '../temp-pool.ts';
import { checkPaths } from './check-paths.ts';
import { hookDraft } from './draft.ts';
import { replaceDuplicates } from './replace-duplicates.ts';
import { type Additions, wasAdded } from './repository-keys.ts';
import type { VersionEngine } from './version-context.ts';

export interface Completion {
  readonly engine: VersionEngine;
  readonly repository: Repository;
  readonly additions: Additions;
  /** The version before it. */
  readonly before: VersionRow;
  /** Of a part of another repository, which clients cannot ask for. */
  readonly unseen?: boolean;
}

/** False when there was no change, then the version is gone again. */
export async function complete(context: TaskContext, tx: Transaction, completion: Completion): Promise<boolean> {
  const temps = new TempPool(context.storage(context.domain));
  try {
    return await check(context, tx, completion, temps);
  } finally {
    await temps.discard();
  }
}

async function check(context: TaskContext, tx: Transaction, completion: Completion, temps: TempPool): Promise<boolean> {
  const { engine, repository, additions, before } = completion;
  const { version } = additions;
  const type = engine.types.repositoryType(repository.pulpType);
  const hooks = hookDraft(context, tx, version, repository, wasAdded(additions), temps);
  const count = () => countVersion(tx, version, before.counts);
  let { added } = await count();
  checkTypes(type, Object.keys(added));
  await type.check?.(hooks.draft);
  if (hooks.takeChanged()) added = (await count()).added;
  await replaceDuplicates(hooks.draft, tx, type, additions, added);
  await type.finalize?.(hooks.draft);
  if (hooks.takeChanged()) {
    added = (await count()).added;
    await replaceDuplicates(hooks.draft, tx, type, additions, added);
  }
  if (type.checkPaths !== 'none') await checkPaths(hooks.draft, tx, type, version, added);
  const counts = await count();
  if (isEmpty(counts.added) && isEmpty(counts.removed)) {
    await dropVersion(tx, version);
    return false;
  }
  checkTypes(type, Object.keys(counts.added));
  await completeVersion(tx, version, counts);
  engine.completed?.(counts);
  await announceRepositoryChange(tx, repository.pulpId);
  if (!completion.unseen) context.created(prn('core.repositoryversion', version.pulpId));
  return true;
}

function isEmpty(counts: object): boolean {
  return Object.keys(counts).length === 0;
}

function checkTypes(type: RepositoryType, added: readonly string[]): void {
  const other = added.filter((name) => !type.contentTypes.some((one) => one.pulpType === name));
  if (other.length > 0)
    throw new Error(`A repository of type ${type.pulpType} cannot hold content of type ${other.join(', ')}.`);
}
