/** The plainest access control: who is logged in as a superuser may do everything, all others nothing. */
import { HttpError } from '../lib/errors.ts';
import type { RequestContext } from '../plugin-api/context.ts';
import { unauthorized } from './authenticate.ts';

export async function superuserOnly(request: RequestContext): Promise<undefined> {
  if (!request.user) throw unauthorized(request.headers, 'Authentication credentials were not provided.');
  if (!request.user.isSuperuser) throw new HttpError(403, 'You do not have permission to perform this action.');
  return undefined;
}
