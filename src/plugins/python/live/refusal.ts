/** Refusals that some clients read in the reason phrase, others in the body: proxies and HTTP/2 have no reason phrases. */
import type { LiveTextAnswer } from '../../../plugin-api/index.ts';

export const refusal = (status: number, reason: string): LiveTextAnswer => ({
  status,
  reason,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: reason,
});
