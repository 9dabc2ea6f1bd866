/** Which proxy a request goes through, and which hosts are reached without it. */
import { DownloadError } from '../download-error.ts';
import type { RemoteSettings } from '../remote-settings.ts';

const PROTOCOLS = new Set(['http:', 'https:', 'socks5:']);

/**
 * URL of a remote's proxy with user and password in it, or undefined. Throws DownloadError (`refused`) for a URL or a kind of proxy
 * that cannot be used.
 */
export function proxyOf(remote: RemoteSettings): string | undefined {
  if (!remote.proxy_url) return undefined;
  const url = URL.parse(remote.proxy_url);
  if (!url || !PROTOCOLS.has(url.protocol)) {
    const given = url ? `by ${url.protocol.slice(0, -1)}` : 'at what proxy_url says';
    throw new DownloadError(remote.url, 'refused', `Proxies are reached by http, https or socks5, not ${given}.`);
  }
  if (remote.proxy_username) url.username = encodeURIComponent(remote.proxy_username);
  if (remote.proxy_password) url.password = encodeURIComponent(remote.proxy_password);
  return url.href;
}

/** `Basic …` of a user; the password may be missing. */
export function basicToken(username: string, password: string | null | undefined): string {
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

/** A test for hosts that NO_PROXY lists: `*`, host names with everything below them, addresses; each with or without port. */
export function proxyBypass(noProxy: string | undefined): (url: URL) => boolean {
  const rules = (noProxy ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseRule);
  return (url) => rules.some((rule) => rule(url));
}

function parseRule(entry: string): (url: URL) => boolean {
  if (entry === '*') return () => true;
  const isAddress6 = /^\[.*\](:\d+)?$|:.*:/.test(entry);
  const text = isAddress6 && !entry.startsWith('[') ? `[${entry}]` : entry;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  const name = host.replace(/^\*?\./, '').toLowerCase();
  return (url) => {
    if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
    return url.hostname === name || url.hostname.endsWith(`.${name}`);
  };
}

/** NO_PROXY of the environment, in either spelling. */
export function noProxyOfEnvironment(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment.no_proxy ?? environment.NO_PROXY;
}
