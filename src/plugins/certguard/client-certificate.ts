/** The certificate of a client as the proxy in front hands it over: in a header, in one of several forms. */
import { unescaped } from '../../lib/text/unescaped.ts';
import { type GuardedRequest, headerOf } from '../../plugin-api/index.ts';

const HEADER = 'X-CLIENT-CERT';
/** On one line: newlines were turned into spaces, as Apache does it. */
const FOLDED = /^-----BEGIN CERTIFICATE-----(.*)-----END CERTIFICATE-----/;

/** PEM, undefined when nothing was sent. */
export function clientCertificate(request: GuardedRequest): string | undefined {
  const sent = headerOf(request, HEADER);
  if (sent === undefined) return undefined;
  const text = unescaped(sent);
  const folded = FOLDED.exec(text)?.[1];
  if (folded === undefined) return text;
  return `-----BEGIN CERTIFICATE-----${folded.replaceAll(' ', '\n')}-----END CERTIFICATE-----\n`;
}
