/** What answers with 401 say of how to log in. */
import { unauthorized } from '../../access/identities/authenticate.ts';
import { HttpError } from '../../lib/errors.ts';
import type { LiveApi, LiveRequest } from '../../plugin-api/contracts/live.ts';

/** What the REST API says. */
const USUAL = /^x?Basic realm="api"$/;

/** The error itself, unless it is a 401: then with the challenge of the protocol, where it has not said another one already. */
export function challenged(api: LiveApi, request: LiveRequest, error: unknown): unknown {
  if (!(error instanceof HttpError) || error.status !== 401) return error;
  const { 'WWW-Authenticate': own } = error.headers;
  if (own !== undefined && !USUAL.test(own)) return error;
  const challenge = api.challenge?.(request);
  if (challenge !== undefined) error.headers['WWW-Authenticate'] = challenge;
  else if (own === undefined) Object.assign(error.headers, unauthorized(request.headers, error.detail).headers);
  return error;
}
