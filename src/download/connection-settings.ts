/** The settings by which a server is reached, which remotes and upstream servers have in common: told here once. */
import type { RemoteSettings } from './remote-settings.ts';

/** Each is a column of that name. */
interface ConnectionSetting {
  /** Type of the column. */
  readonly type: 'text' | 'boolean' | 'integer' | 'double precision' | 'jsonb';
  /** Encrypted at rest and never shown. */
  readonly secret?: boolean;
}

/** What belongs to one remote alone. */
type Own = 'url' | 'rate_limit' | 'pulp_id' | 'pulp_type' | 'details';
export type ConnectionName = Exclude<keyof RemoteSettings, Own>;

const SETTINGS: Readonly<Record<ConnectionName, ConnectionSetting>> = {
  ca_cert: { type: 'text' },
  client_cert: { type: 'text' },
  client_key: { type: 'text', secret: true },
  tls_validation: { type: 'boolean' },
  username: { type: 'text', secret: true },
  password: { type: 'text', secret: true },
  proxy_url: { type: 'text' },
  proxy_username: { type: 'text', secret: true },
  proxy_password: { type: 'text', secret: true },
  download_concurrency: { type: 'integer' },
  max_retries: { type: 'integer' },
  total_timeout: { type: 'double precision' },
  connect_timeout: { type: 'double precision' },
  sock_connect_timeout: { type: 'double precision' },
  sock_read_timeout: { type: 'double precision' },
  headers: { type: 'jsonb' },
};

export const CONNECTION_NAMES = Object.keys(SETTINGS) as readonly ConnectionName[];

export const SECRET_NAMES = CONNECTION_NAMES.filter(isSecret);

export function isSecret(name: ConnectionName): boolean {
  return SETTINGS[name].secret === true;
}

export function columnType(name: ConnectionName): string {
  return SETTINGS[name].type;
}
