/** The guard of links that this server has signed. */
import { refusalOfLink } from '../../lib/crypto/signed-link.ts';
import type { GuardType } from '../../plugin-api/contracts/guard.ts';

export const contentRedirectGuard: GuardType = {
  pulpType: 'core.content_redirect',
  check({ secrets }, guard, request) {
    if (guard.secrets === null) return 'Access not authenticated';
    return refusalOfLink(request.url, Buffer.from(secrets.decrypt(guard.secrets), 'hex'));
  },
};
