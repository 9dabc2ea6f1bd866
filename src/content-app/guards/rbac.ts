/** The guard of those who may download: asks who sends the request and what the policy of its view says. */
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../../lib/errors.ts';
import type { Domain, Services, User } from '../../plugin-api/contracts/context.ts';
import type { GuardType } from '../../plugin-api/contracts/guard.ts';

/** What the guard asks of the access control; both may throw HttpError to refuse. */
export interface DownloadAccess {
  identify(services: Services, request: IncomingMessage): Promise<User | null>;
  mayDownload(services: Services, domain: Domain, user: User, guardId: string): Promise<boolean>;
}

const ANONYMOUS = 'Authentication credentials were not provided.';
/** Does not depend on whether the guard may be seen. */
const REFUSED = 'You do not have permission to perform this action.';

export function rbacGuard(access: DownloadAccess): GuardType {
  return {
    pulpType: 'core.rbac',
    async check(services, guard, request) {
      const user = await answered(access.identify(services, request.message));
      // Wrong credentials are told as none.
      if (!user || user instanceof HttpError) return ANONYMOUS;
      const allowed = await answered(access.mayDownload(services, guard.domain, user, guard.pulpId));
      return allowed === true ? undefined : REFUSED;
    },
  };
}

async function answered<T>(work: Promise<T>): Promise<T | HttpError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof HttpError && error.status < 500) return error;
    throw error;
  }
}
