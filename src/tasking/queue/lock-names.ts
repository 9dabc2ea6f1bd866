/** What a task locks: its names sorted out, with its domain among the shared ones. */
import type { TaskRequest } from '../../plugin-api/contracts/context.ts';
import { prn } from '../../plugin-api/declare/model.ts';

interface LockNames {
  exclusive: string[];
  shared: string[];
}

type Names = TaskRequest['exclusive'];

function distinct(names: Names): Set<string> {
  return new Set(names?.filter((name): name is string => typeof name === 'string' && name !== ''));
}

/** Empty names are dropped, double ones merged; a name that is exclusive need not be shared as well. */
export function lockNames(request: Pick<TaskRequest, 'exclusive' | 'shared' | 'domain'>): LockNames {
  const exclusive = distinct(request.exclusive);
  const shared = distinct(request.shared).add(prn('core.domain', request.domain.pulpId));
  return { exclusive: [...exclusive], shared: [...shared].filter((name) => !exclusive.has(name)) };
}
