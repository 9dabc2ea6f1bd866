/** TLS of a remote: whom to trust, and with what certificate to answer. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { messageOf } from '../../lib/errors.ts';
import { DownloadError } from '../download-error.ts';
import type { RemoteSettings } from '../remote-settings.ts';

interface TlsOptions {
  secureContext: SecureContext;
  rejectUnauthorized: boolean;
}

/** The roots of the machine, to which operators add their own; the built-in ones where the machine has none. */
let systemRoots: readonly string[] | undefined;

function trustedRoots(): readonly string[] {
  if (!systemRoots) {
    const system = getCACertificates('system');
    systemRoots = [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')];
  }
  return systemRoots;
}

/** Without certificates of their own, all remotes share one context: reading a hundred and more roots takes milliseconds. */
let plainContext: SecureContext | undefined;

/** Throws DownloadError (`refused`) when a certificate or key cannot be read. */
export function tlsOptions(remote: RemoteSettings): TlsOptions {
  return { secureContext: contextOf(remote), rejectUnauthorized: remote.tls_validation ?? true };
}

function contextOf(remote: RemoteSettings): SecureContext {
  const { ca_cert: ca, client_cert: cert, client_key: key } = remote;
  if (!ca && !cert && !key) {
    plainContext ??= createSecureContext({ ca: [...trustedRoots()] });
    return plainContext;
  }
  try {
    return createSecureContext({
      ca: ca ? [...trustedRoots(), ca] : [...trustedRoots()],
      ...(cert ? { cert } : {}),
      ...(key ? { key } : cert?.includes('PRIVATE KEY') ? { key: cert } : {}),
    });
  } catch (error) {
    const message = `The certificates or the key of the remote cannot be used: ${messageOf(error)}`;
    throw new DownloadError(remote.url, 'refused', message, { cause: error });
  }
}
