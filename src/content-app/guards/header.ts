/** Guards that compare a header with a value: one that is stored, or one of the environment of this process. */
import { hash, timingSafeEqual } from 'node:crypto';
import { firstResult } from '../../lib/text/jq.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import {
  type Guard,
  type GuardedRequest,
  type GuardType,
  type GuardVerdict,
  headerOf,
} from '../../plugin-api/contracts/guard.ts';

const DENIED = 'Access denied.';

/** Takes the same time whatever differs. */
function same(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

/** The first result of a filter over a text of JSON, undefined where there is none. */
async function filtered(text: string, filter: string): Promise<unknown> {
  try {
    return await firstResult(JSON.parse(text), filter);
  } catch {
    return undefined;
  }
}

export const headerGuard: GuardType = {
  pulpType: 'core.header',
  async check(_services: Services, guard: Guard, request: GuardedRequest): Promise<GuardVerdict> {
    const { header_name, header_value, jq_filter } = guard.details;
    const sent = headerOf(request, String(header_name));
    if (!sent) return DENIED;
    const text = Buffer.from(sent, 'base64').toString('utf8');
    const value = typeof jq_filter === 'string' ? await filtered(text, jq_filter) : text;
    return typeof value === 'string' && same(value, String(header_value)) ? undefined : DENIED;
  },
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export const envvarHeaderGuard: GuardType = {
  pulpType: 'core.envvar_header',
  check({ settings, logger }: Services, guard: Guard, request: GuardedRequest): GuardVerdict {
    const name = String(guard.details.env_var);
    const expected = settings.envvarHeaderContentGuardAllowedVars.includes(name) ? process.env[name] : undefined;
    const secret = expected?.replace(/[\r\n]+$/, '');
    if (!secret) {
      logger.warn(
        { guard: guard.pulpId },
        `The variable ${name} of a guard is not allowed by the settings, or is not set.`,
      );
      return DENIED;
    }
    const header = String(guard.details.header_name);
    const sent = headerOf(request, header);
    if (!sent) return `Access not allowed. Header ${header} not found.`;
    if (!BASE64.test(sent)) return 'Access not allowed - Header content is not Base64 encoded.';
    try {
      return same(strictUtf8.decode(Buffer.from(sent, 'base64')), secret) ? undefined : DENIED;
    } catch {
      return 'Access not allowed - Header content is not valid UTF-8.';
    }
  },
};
