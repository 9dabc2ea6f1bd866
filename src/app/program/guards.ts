/** Puts the guards of content together: those of the core and of the installed package types, with access control for the one by role. */
import { authenticate } from '../../access/identities/authenticate.ts';
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { HrefReader } from '../../api/engine/hrefs.ts';
import { presenterFor } from '../../api/engine/presenter.ts';
import { ownRequest } from '../../api/own-request.ts';
import { rbacGuard as rbacResource } from '../../api/resources/content/content-guards.ts';
import { type CheckGuard, GuardChecker } from '../../content-app/guards/check-guard.ts';
import { contentRedirectGuard } from '../../content-app/guards/content-redirect.ts';
import { envvarHeaderGuard, headerGuard } from '../../content-app/guards/header.ts';
import { type DownloadAccess, rbacGuard } from '../../content-app/guards/rbac.ts';
import type { Domain, RequestContext, Services, User } from '../../plugin-api/contracts/context.ts';
import { buildAccess } from './access.ts';
import type { Program } from './program.ts';

export function buildGuards(program: Program, services: Services): CheckGuard {
  const { models } = services;
  const types = [
    rbacGuard(downloadAccess(program, services)),
    headerGuard,
    envvarHeaderGuard,
    contentRedirectGuard,
    ...program.guards,
  ];
  return new GuardChecker(services, types, {
    href: (domain, type, id) => presenterFor(services, domain).hrefOfType('content_guard', type, id) ?? id,
    className: (type) => models.byType('content_guard', type)?.name ?? type,
  }).check;
}

/** The policy of the guard's view decides, as for every other action on the guard. */
function downloadAccess(program: Program, services: Services): DownloadAccess {
  const access = buildAccess(program, services, new HrefReader(services.models, services.settings));
  const passwords = new VerifiedPasswords();
  return {
    identify: async (_services, request) => (await authenticate(services, passwords, 'GET', request)).user,
    mayDownload: (_services, domain, user, guardId) =>
      access.may(requestOf(services, domain, user), rbacResource.model, 'download', guardId),
  };
}

/** A request for content as access control sees requests. */
function requestOf(services: Services, domain: Domain, user: User): RequestContext {
  return ownRequest(services, {
    domain,
    user,
    method: 'GET',
    url: services.settings.contentPathPrefix,
    dispatch: () => Promise.reject(new Error('A request for content starts no tasks.')),
  });
}
