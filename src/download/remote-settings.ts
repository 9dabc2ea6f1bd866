/** What a remote says about how to reach its server; names as in the database and on the wire. */
export interface RemoteSettings {
  readonly url: string;
  readonly username?: string | null | undefined;
  readonly password?: string | null | undefined;
  /** PEM, one certificate or a bundle; trusted in addition to those of the system. */
  readonly ca_cert?: string | null | undefined;
  readonly client_cert?: string | null | undefined;
  readonly client_key?: string | null | undefined;
  readonly tls_validation?: boolean | null | undefined;
  readonly proxy_url?: string | null | undefined;
  readonly proxy_username?: string | null | undefined;
  readonly proxy_password?: string | null | undefined;
  /** Objects of one entry each: header name and value. */
  readonly headers?: readonly Readonly<Record<string, string>>[] | null | undefined;
  /** Simultaneous requests; 10 when null. */
  readonly download_concurrency?: number | null | undefined;
  /** Tries after the first; 3 when null or 0. */
  readonly max_retries?: number | null | undefined;
  /** Seconds for one try from start to end; none when null or 0, as for the others but where said. */
  readonly total_timeout?: number | null | undefined;
  /** Seconds for getting a connection. */
  readonly connect_timeout?: number | null | undefined;
  /** Seconds for opening a socket; 30 when null. */
  readonly sock_connect_timeout?: number | null | undefined;
  /** Seconds without data; 300 when null. */
  readonly sock_read_timeout?: number | null | undefined;
  /** Requests per second. */
  readonly rate_limit?: number | null | undefined;
  /** Of a remote of the database: its id on the wire, and the type whose behaviour its requests get. */
  readonly pulp_id?: string | undefined;
  readonly pulp_type?: string | undefined;
  /** What its type adds. */
  readonly details?: Readonly<Record<string, unknown>> | null | undefined;
}

const DEFAULT_CONCURRENCY = 10;
const DEFAULT_RETRIES = 3;
const DEFAULT_CONNECT_SECONDS = 30;
const DEFAULT_SILENCE_SECONDS = 300;

/** Limits in the units of the code: milliseconds, 0 for none. */
export interface Limits {
  concurrency: number;
  retries: number;
  rate: number | undefined;
  totalTimeout: number;
  connectTimeout: number;
  silenceTimeout: number;
}

export function limitsOf(remote: RemoteSettings): Limits {
  const { connect_timeout: connect, sock_connect_timeout: socket } = remote;
  const connectSeconds = [connect, socket ?? DEFAULT_CONNECT_SECONDS].filter(
    (seconds) => seconds != null && seconds > 0,
  );
  return {
    concurrency: remote.download_concurrency || DEFAULT_CONCURRENCY,
    retries: remote.max_retries || DEFAULT_RETRIES,
    rate: remote.rate_limit || undefined,
    totalTimeout: (remote.total_timeout ?? 0) * 1000,
    connectTimeout: connectSeconds.length === 0 ? 0 : Math.min(...(connectSeconds as number[])) * 1000,
    silenceTimeout: (remote.sock_read_timeout ?? DEFAULT_SILENCE_SECONDS) * 1000,
  };
}
