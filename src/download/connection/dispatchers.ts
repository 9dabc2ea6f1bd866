/** The connections of one remote: straight to servers, and through its proxy. */
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici';
import { limitsOf, type RemoteSettings } from '../remote-settings.ts';
import { noProxyOfEnvironment, proxyBypass, proxyOf } from './proxy.ts';
import { tlsOptions } from './tls.ts';

/** Servers announce how long they keep a connection; this is for those that do not. */
const KEEP_ALIVE = 10_000;

export interface Dispatchers {
  /** The one to use for a URL. */
  forUrl(url: URL): Dispatcher;
  /** Ends all connections: at once, or when their requests have ended. */
  close(gracefully: boolean): Promise<void>;
}

/**
 * How many connections there are is bounded by those who use them, not here: a pool that queues on its own would let a reader that
 * waits for a further download wait for ever. HTTP/1.1 only, like Pulp: parallel connections are what mirrors are made for.
 */
function poolOptions(remote: RemoteSettings): Pool.Options {
  const { connectTimeout, silenceTimeout } = limitsOf(remote);
  return {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: silenceTimeout,
    bodyTimeout: silenceTimeout,
    connect: { timeout: connectTimeout, ...tlsOptions(remote) },
  };
}

/** Throws DownloadError (`refused`) when certificates or proxy of the remote cannot be used. */
export function openDispatchers(remote: RemoteSettings, noProxy = noProxyOfEnvironment()): Dispatchers {
  const options = poolOptions(remote);
  const direct = new Agent(options);
  const proxied = openProxy(remote, options);
  const bypass = proxyBypass(noProxy);
  return {
    forUrl: (url) => (proxied && !bypass(url) ? proxied : direct),
    close: async (gracefully) => {
      await Promise.all([direct, proxied].map((agent) => (gracefully ? agent?.close() : agent?.destroy())));
    },
  };
}

/**
 * The agent of the library passes its options on to some of its pools only, hence the factories; and it speaks TLS to a SOCKS proxy
 * as soon as it gets options for that.
 */
function openProxy(remote: RemoteSettings, options: Pool.Options): ProxyAgent | undefined {
  const uri = proxyOf(remote);
  if (uri === undefined) return undefined;
  const { connectTimeout } = limitsOf(remote);
  const tls = { timeout: connectTimeout, allowH2: false, ...tlsOptions(remote) };
  const openPool = (origin: string | URL, own: object) => new Pool(origin, { ...options, ...own });
  const tlsWays = uri.startsWith('socks') ? { requestTls: tls } : { requestTls: tls, proxyTls: tls };
  return new ProxyAgent({
    ...options,
    ...tlsWays,
    uri,
    connectTimeout,
    factory: openPool,
    clientFactory: openPool,
  });
}
