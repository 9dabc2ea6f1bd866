/** What a kind of remotes does about its requests beyond what their settings say: logging in, tokens, addresses of its own. */
import type { Settings } from '../../config/settings.ts';
import type { RemoteSettings } from '../remote-settings.ts';
import type { Tokens } from './tokens.ts';

/** A request about to be sent, or a redirect about to be followed. */
export interface RemoteRequest {
  readonly method: string;
  readonly url: URL;
}

/** How a request is sent. */
export interface PreparedRequest {
  /** Instead of the URL asked for; http or https. It is told nowhere, as it may hold a token. */
  readonly url?: URL;
  /** For the server of the URL only, whatever it redirects to; null takes away one that the remote has. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

/** An answer 401 or 403. */
export interface Refusal extends RemoteRequest {
  readonly status: number;
  /** One value of a header of the answer. */
  header(name: string): string | undefined;
  /** The credentials that were refused, as they were sent. */
  readonly authorization: string | undefined;
}

/** A request of the behaviour's own, such as one for a token. */
export interface OwnRequest {
  /** GET by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface OwnAnswer {
  readonly status: number;
  readonly text: string;
  header(name: string): string | undefined;
}

/** What a behaviour has to work with. */
export interface RemoteAccess {
  /** The remote with all secrets in clear, those of its details too. */
  readonly remote: RemoteSettings;
  readonly settings: Settings;
  /** Kept in this process for all who use the remote as it is now. */
  readonly tokens: Tokens;
  /**
   * Asks a server, reached as those of the remote are (proxy, certificates), but without the credentials and headers of the remote
   * and without its limits. Whatever the status is, it is answered, redirects too. Throws DownloadError after 30 seconds, for an
   * answer of more than 1 MiB, and for a failed connection.
   */
  ask(url: string, request?: OwnRequest): Promise<OwnAnswer>;
}

/** Its functions are asked about servers of the remote only, see `home`: no other one gets to know its credentials. */
export interface RemoteBehaviour {
  /** URL of the server that the credentials are for; by default that of the remote. */
  home?(access: RemoteAccess): string;
  /** Asked before each request, and again after `challenge`. The URL may have a scheme of the type's own, which must be replaced. */
  prepare?(
    request: RemoteRequest,
    access: RemoteAccess,
  ): PreparedRequest | undefined | Promise<PreparedRequest | undefined>;
  /** Asked once for a request that was refused; true when it is worth being sent again. */
  challenge?(refusal: Refusal, access: RemoteAccess): boolean | Promise<boolean>;
}
