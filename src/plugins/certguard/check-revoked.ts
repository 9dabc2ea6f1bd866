/** Whether a certificate of a verified chain is revoked by the lists of a guard. */
import type { Logger } from '../../plugin-api/index.ts';
import type { Certificate } from './formats/certificate.ts';
import type { RevocationList } from './formats/revocation-list.ts';

const REVOKED = 'Client certificate is revoked.';
const UNUSABLE = 'The list of revoked certificates is expired.';

/**
 * Lists count for the certificates of the authority that has signed them; where an authority has none, nothing of it is
 * revoked. A list whose time is over says nothing of what was revoked since: everybody is refused until there is a newer one.
 */
export function revocationRefusal(
  chain: readonly Certificate[],
  lists: readonly RevocationList[],
  now: number,
  report: { readonly logger: Logger; readonly guard: string },
): string | undefined {
  for (const [index, certificate] of chain.slice(0, -1).entries()) {
    const authority = chain[index + 1]!;
    const own = lists.filter(
      (list) => Buffer.compare(list.issuer, authority.subject) === 0 && list.isSignedBy(authority),
    );
    if (own.some((list) => list.serials.has(certificate.serial))) return REVOKED;
    const current = own.filter((list) => list.nextUpdate === undefined || list.nextUpdate >= now);
    if (own.length > 0 && current.length === 0) {
      report.logger.error(
        { guard: report.guard },
        'A certificate guard refuses everybody: its list of revoked certificates has expired.',
      );
      return UNUSABLE;
    }
  }
  return undefined;
}
