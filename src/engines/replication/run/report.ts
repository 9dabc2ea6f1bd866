/** What is told of conflicts and failures: every one by type, name, upstream and reason, in words and as data. */
import { PulpError } from '../../../lib/errors.ts';
import type { Conflict } from '../plan/plan-types.ts';

/** Lines of a message; the data has all. */
const MOST_LINES = 200;

export interface Failure {
  readonly type: string;
  readonly name: string;
  readonly task: string | null;
  readonly error: string;
}

export function conflictsFound(upstreamName: string, conflicts: readonly Conflict[]): PulpError {
  const lines = conflicts.map(conflictLine);
  const message = `${conflicts.length} conflict(s) with upstream '${upstreamName}', nothing was changed:\n${listed(lines)}`;
  return replicationFailed(message, { conflicts });
}

function conflictLine(conflict: Conflict): string {
  const { kind, ours, theirs, owner, remedy } = conflict;
  const against = theirs === null ? '' : ` against ${theirs}`;
  const whose = owner === null ? '' : owner === 'local' ? ' (made here by hand)' : ` (of upstream '${owner}')`;
  return `  ${kind}: ${ours}${against}${whose}; remedy: ${remedy}`;
}

export function itemsFailed(upstreamName: string, failures: readonly Failure[]): PulpError {
  const lines = failures.map(
    ({ type, name, error }) => `  ${type} distribution '${name}' of upstream '${upstreamName}': ${error}`,
  );
  const message = `${failures.length} subtask(s) did not complete successfully:\n${listed(lines)}`;
  return replicationFailed(message, { failures });
}

export function replicationFailed(message: string, details: object): PulpError {
  return new PulpError('PLP0018', `Replication failed: ${message}`, details);
}

function listed(lines: readonly string[]): string {
  const shown = lines.slice(0, MOST_LINES);
  if (lines.length > shown.length) shown.push(`  … and ${lines.length - shown.length} more`);
  return shown.join('\n');
}
