/** Finds and repairs states of the database that no run of the server should leave. */

import type { Database, Queryable } from '../../db/database.ts';
import { rotateKeys } from '../../engines/backup/rotate-keys.ts';
import { type Damage, repairCounts, repairMemberships, repairNumbers } from '../../model/repositories/damage.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { OperatorError } from './operator-error.ts';
import { removeStrayFiles } from './stray-files.ts';

interface RepairOutcome {
  /** How many rows are wrong, or were before they were repaired. */
  readonly found: number;
  readonly repaired: number;
  readonly text: string;
}

type Repair = (services: Services, dryRun: boolean) => Promise<RepairOutcome>;

/** What the model finds and repairs, in the words of the operator. */
const ofRepositories =
  (repair: (db: Queryable, dryRun: boolean) => Promise<Damage>, text: string): Repair =>
  async ({ db }, dryRun) => ({ ...(await repair(db, dryRun)), text });

const counts = ofRepositories(repairCounts, 'versions with wrong counts');
const memberships = ofRepositories(repairMemberships, 'memberships of content that is gone');
const numbers = ofRepositories(repairNumbers, 'repositories whose next version exists');

/** Secrets that no key can read; they can only be set anew. */
const secrets: Repair = async ({ db, secrets: keys }) => {
  const { unreadable } = await rotateKeys(db as Database, keys, true);
  const places = [...new Set(unreadable)].join(', ');
  return outcome(
    unreadable.length,
    0,
    `secrets that no key can read${places === '' ? '' : ` (${places}): set them anew`}`,
  );
};

/** Bytes that nothing names take room and do no other harm. */
const files: Repair = async (services, dryRun) => {
  const { found, removed } = await removeStrayFiles(services, dryRun);
  return outcome(found, removed, 'stored files and uploads that no row names');
};

const repairs: Readonly<Record<string, Repair>> = { counts, files, memberships, numbers, secrets };

/** Pulp's numbers, and which of ours looks after the same. */
const peerIssues: Readonly<Record<string, string>> = {
  '2327': 'secrets',
  '7272': 'counts',
  '7465': 'memberships',
  '8067': 'numbers',
};

/** Names and Pulp's numbers of all issues. */
export const repairableIssues = (): string[] => [...Object.keys(repairs), ...Object.keys(peerIssues)];

/** Throws OperatorError for an issue that is not known. */
export async function repairData(services: Services, issue: string, dryRun: boolean): Promise<RepairOutcome> {
  const repair = repairs[peerIssues[issue] ?? issue];
  if (repair) return await repair(services, dryRun);
  throw new OperatorError(`There is no issue ${issue}; there are ${repairableIssues().join(', ')}.`);
}

function outcome(found: number, repaired: number, text: string): RepairOutcome {
  return { found, repaired, text };
}
