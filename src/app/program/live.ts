/** Puts the live protocols of the package types together. */
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { PolicyStore } from '../../access/policies.ts';
import { HrefReader } from '../../api/engine/hrefs.ts';
import { liveAccess } from '../../api/live/live-access.ts';
import type { LiveContent } from '../../api/live/live-exchange.ts';
import { LiveHandler } from '../../api/live/live-handler.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { LiveApi } from '../../plugin-api/contracts/live.ts';
import { dispatch, type TaskRunner } from '../../tasking/queue/dispatch.ts';
import { conditionTools } from './access.ts';
import type { Program } from './program.ts';

interface LivePlace {
  /** The faces that the process shows. */
  readonly roles: { readonly api: boolean; readonly content: boolean };
  readonly content: LiveContent;
  readonly runner: () => TaskRunner | undefined;
}

/** Throws where two protocols want the same URLs. */
export function buildLive(program: Program, services: Services, { roles, content, runner }: LivePlace): LiveHandler {
  const { db, models, settings } = services;
  const tools = conditionTools(program, new HrefReader(models, settings));
  const apis = program.liveApis.filter((api) => isAt(api, roles));
  return new LiveHandler(apis, {
    services,
    content,
    passwords: new VerifiedPasswords(),
    dispatch: (request, loggingCid) => dispatch(services, request, { loggingCid, runner: runner() }),
    authorize: liveAccess(services, new PolicyStore(db, program.access(), settings), tools),
  });
}

function isAt({ at = 'api' }: LiveApi, roles: LivePlace['roles']): boolean {
  return at === 'both' ? roles.api || roles.content : roles[at];
}
