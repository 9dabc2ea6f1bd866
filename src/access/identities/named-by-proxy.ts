/** Users named by a proxy in front: in a header of its own (REMOTE_USER), or in base64 JSON (core.md §7.1). */
import type { IncomingHttpHeaders } from 'node:http';
import type { Settings } from '../../config/settings.ts';
import type { Queryable } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { firstResult } from '../../lib/text/jq.ts';
import { insertAccount } from '../../model/access/account.ts';
import type { User } from '../../plugin-api/contracts/context.ts';
import { type AccountRow, accountColumns, toUser } from './account.ts';

type ProxySettings = Pick<
  Settings,
  | 'authenticationClasses'
  | 'authenticationBackends'
  | 'remoteUserEnvironName'
  | 'authenticationJsonHeader'
  | 'authenticationJsonHeaderJqFilter'
>;

/** The header could not be understood. */
export class BadProxyHeader extends Error {}

/** `HTTP_X_FORWARDED_USER` is how gateways call the header X-Forwarded-User; other variables cannot come over HTTP. */
function headerOf(variable: string): string | undefined {
  return variable.startsWith('HTTP_') ? variable.slice('HTTP_'.length).toLowerCase().replaceAll('_', '-') : undefined;
}

function headerValue(headers: IncomingHttpHeaders, variable: string): string | undefined {
  const name = headerOf(variable);
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const uses = (settings: ProxySettings, name: RegExp) => settings.authenticationClasses.some((one) => name.test(one));

/** The name a proxy tells, in the order of Pulp; undefined when no such way is switched on or nothing was told. */
export async function nameFromProxy(
  settings: ProxySettings,
  headers: IncomingHttpHeaders,
): Promise<string | undefined> {
  if (uses(settings, /JSONHeaderRemoteAuthentication$/)) {
    const value = headerValue(headers, settings.authenticationJsonHeader);
    if (value !== undefined) return await nameInJson(value, settings.authenticationJsonHeaderJqFilter);
  }
  if (uses(settings, /(^|[.a-z])RemoteUserAuthentication$/))
    return headerValue(headers, settings.remoteUserEnvironName);
  return undefined;
}

async function nameInJson(value: string, filter: string): Promise<string> {
  try {
    const json: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    const name = await firstResult(json, filter || '.');
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // damaged base64 or JSON, or a filter that does not fit: all the same to the caller
  }
  throw new BadProxyHeader('no user name in the header');
}

/** The account of that name, made when it is new unless a backend forbids it; undefined when there is none or it is not active. */
export async function accountOf(db: Queryable, settings: ProxySettings, username: string): Promise<User | undefined> {
  if (username.length > 150 || username.includes('\0')) return undefined;
  const row = (await find(db, username)) ?? (mayCreate(settings) ? await create(db, username) : undefined);
  return row?.is_active ? toUser(row) : undefined;
}

function mayCreate({ authenticationBackends }: ProxySettings): boolean {
  return !authenticationBackends.some((backend) => /NoCreate/.test(backend));
}

async function find(db: Queryable, username: string): Promise<AccountRow | undefined> {
  return await db.row<AccountRow>(sql`select ${accountColumns} from app_user u where u.username = ${username}`);
}

async function create(db: Queryable, username: string): Promise<AccountRow | undefined> {
  await insertAccount(db, username);
  return await find(db, username);
}
