/** Puts the guards of content together: those of the core and of the installed package types, with access control for the one by role. */
import { authenticate } from '../../access/identities/authenticate.ts';
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { HrefReader } from '../../api/engine/hrefs.ts';
import { presenterFor } from '../../api/engine/presenter.ts';
import { type Route, routesOf } from '../../api/engine/routes.ts';
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
  const { settings, models } = services;
  const hrefs = new HrefReader(models, settings);
  const access = buildAccess(program, services, hrefs);
  const route = downloadRoute(hrefs);
  const passwords = new VerifiedPasswords();
  return {
    identify: async (_services, request) => (await authenticate(services, passwords, 'GET', request)).user,
    authorize: async (_services, domain, user, guardId) => {
      const permit = await access.authorize(requestOf(services, domain, user), route, { pk: guardId });
      await permit.checkBody?.({});
    },
  };
}

function downloadRoute(hrefs: HrefReader): Route {
  const { runtime, path } = routesOf(rbacResource, hrefs, () => [])[0]!;
  const download = {
    name: 'download',
    method: 'get',
    detail: true,
    output: {},
    summary: 'Download what is guarded',
    run: async () => ({ status: 204 }),
  } as const;
  return { method: 'GET', path: `${path}:pk/download/`, runtime, act: 'download', action: download };
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
