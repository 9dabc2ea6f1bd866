/** Only administrators read the metrics on the address that everybody uses. */
import type { IncomingMessage } from 'node:http';
import { authenticate } from '../../access/identities/authenticate.ts';
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { HttpError } from '../../lib/errors.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';

/** Throws HttpError 401 or 403 for others. */
export function mayReadMetrics(services: Services): (request: IncomingMessage) => Promise<void> {
  const passwords = new VerifiedPasswords();
  return async (request) => {
    const { user } = await authenticate(services, passwords, 'GET', request);
    if (!user) {
      const head = { 'WWW-Authenticate': 'Basic realm="deckle"' };
      throw new HttpError(401, 'Authentication credentials were not provided.', head);
    }
    if (!user.isSuperuser) throw new HttpError(403, 'You do not have permission to perform this action.');
  };
}
