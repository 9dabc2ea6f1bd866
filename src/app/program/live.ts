/** Puts the live protocols of the installed package types together. */

import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { PolicyStore } from '../../access/policies.ts';
import { liveAccess } from '../../api/live-access.ts';
import { LiveHandler } from '../../api/live-handler.ts';
import { DistributionCache } from '../../content-app/distributions/distribution-cache.ts';
import { EntryLoader } from '../../content-app/distributions/load-entry.ts';
import { DISTRIBUTION_CHANNEL, SEEN_AFTER } from '../../model/repositories/distribution-change.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import { dispatch, type TaskRunner } from '../../tasking/queue/dispatch.ts';
import type { Program } from './program.ts';

export function buildLive(program: Program, services: Services, runner: () => TaskRunner | undefined) {
  const { db } = services;
  const loader = new EntryLoader(services, program.distributions);
  const distributions = new DistributionCache({
    db,
    publishing: loader.publishing,
    freshFor: SEEN_AFTER,
    load: (domain, path) => loader.load(domain, path),
  });
  const listening = db.listen(DISTRIBUTION_CHANNEL, (id) => distributions.invalidate(id));
  const forget = db.onReconnect(() => distributions.invalidate('*'));
  const handler = new LiveHandler({
    services,
    passwords: new VerifiedPasswords(),
    apis: program.liveApis,
    dispatch: (request, loggingCid) => dispatch(services, request, { loggingCid, runner: runner() }),
    authorize: liveAccess(services, new PolicyStore(db, program.access(), services.settings)),
    find: async (domain, path) => {
      const entry = await distributions.find(domain, path);
      return entry && { ...entry.distribution, state: `${entry.serial}` };
    },
  });
  return Object.assign(handler, {
    async close() {
      forget();
      const unlisten = await listening.catch(() => undefined);
      await unlisten?.();
    },
  });
}
