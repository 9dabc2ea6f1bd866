/** The accounts of the server as protocols of package types ask for them: by password, by name, and with API tokens made for them. */
import type { IncomingMessage } from 'node:http';
import { sql } from '../../db/sql.ts';
import { HttpError } from '../../lib/errors.ts';
import type { User } from '../../plugin-api/contracts/context.ts';
import type { LiveAccounts } from '../../plugin-api/contracts/live.ts';
import { type AccountRow, accountColumns, toUser } from './account.ts';
import { endToken, putToken } from './api-tokens.ts';
import { type Accounts, authenticate, userOfPassword } from './authenticate.ts';
import type { VerifiedPasswords } from './verified-passwords.ts';

/** Accounts as one request asks for them. */
export function liveAccounts(accounts: Accounts, passwords: VerifiedPasswords, request: IncomingMessage): LiveAccounts {
  const { db } = accounts;
  const method = request.method ?? 'GET';
  const active = (row: AccountRow | undefined) => (row?.is_active ? toUser(row) : null);
  return {
    ofRequest: async () => (await authenticate(accounts, passwords, method, request)).user,
    byPassword: async (username, password) =>
      username.includes('\0')
        ? null
        : ((await userOfPassword(accounts, passwords, { username, password }, request)) ?? null),
    byName: async (username) =>
      username.includes('\0')
        ? null
        : active(
            await db.row<AccountRow>(sql`select ${accountColumns} from app_user u where u.username = ${username}`),
          ),
    byId: async (id) =>
      active(await db.row<AccountRow>(sql`select ${accountColumns} from app_user u where u.id = ${id}`)),
    async makeToken(user: User, { name, expiresAt = null }) {
      if (user.byToken) throw new HttpError(403, 'Tokens are not made with tokens: log in with a password.');
      return await putToken(db, user.id, name, expiresAt);
    },
    endToken: (user, token) => endToken(db, user.id, token),
  };
}
