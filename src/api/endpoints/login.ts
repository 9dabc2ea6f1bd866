/** `login/`: browser sessions, and the own profile and password of whoever is logged in (core.md §7.1). */

import { parseCookies } from '../../access/identities/authenticate.ts';
import { passwordProblems } from '../../access/identities/password-rules.ts';
import { hashPassword } from '../../access/identities/passwords.ts';
import { endAllSessions, endSession, startSession } from '../../access/identities/sessions.ts';
import type { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { sql } from '../../db/sql.ts';
import { HttpError, ValidationError } from '../../lib/errors.ts';
import { changeAccount, noteLogin } from '../../model/access/account.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import { type Field, string } from '../../plugin-api/declare/field.ts';
import { HrefReader } from '../engine/hrefs.ts';
import type { Body } from '../engine/read-body.ts';
import { validateBody } from '../engine/validate-body.ts';
import { translateConstraint } from '../engine/write-rows.ts';
import { emailField, nameField, userResource } from '../resources/access/users.ts';
import type { Endpoint } from './endpoint.ts';

const identity: Record<string, Field> = {
  pulp_href: string({ format: 'uri', readOnly: true }),
  prn: string({ readOnly: true }),
};
const loginFields: Record<string, Field> = { ...identity, username: string({ readOnly: true }) };
const profileFields: Record<string, Field> = {
  username: string({ maxLength: 150, required: false, help: 'The name to log in with.' }),
  first_name: nameField('First name.'),
  last_name: nameField('Last name.'),
  email: emailField,
  old_password: string({ writeOnly: true, required: false, keepSpace: true, help: 'The present password.' }),
  new_password: string({ writeOnly: true, required: false, keepSpace: true, help: 'The new password.' }),
};

function who(request: RequestContext): object {
  const { id, username } = request.user!;
  return { pulp_href: request.href('auth.user', String(id)), prn: `prn:auth.user:${id}`, username };
}

/** A token is a part of an account: it must not become the whole of it. */
function refuseToken({ user }: RequestContext): void {
  if (user!.byToken) throw new HttpError(403, 'This cannot be done with a token: log in with a password.');
}

/** As trusted proxies tell, or the connection. */
const speaksTls = ({ origin }: RequestContext) => origin.startsWith('https:');

async function login(request: RequestContext): Promise<Answer> {
  refuseToken(request);
  const cookies = await startSession(request.db, request.user!.id, speaksTls(request));
  await noteLogin(request.db, request.user!.id);
  return { status: 201, body: who(request), cookies };
}

async function logout(request: RequestContext): Promise<Answer> {
  const token = parseCookies(String(request.headers.cookie ?? '')).get('sessionid');
  return { status: 204, cookies: await endSession(request.db, token) };
}

/** Changes the own account; a new password needs the old one and ends all sessions but a fresh one. */
function updateProfile(passwords: VerifiedPasswords) {
  return async (request: RequestContext, _params: unknown, body: Body): Promise<Answer> => {
    refuseToken(request);
    const { models, settings } = request.services;
    const values = await validateBody(profileFields, body, request, new HrefReader(models, settings), {
      partial: true,
    });
    const { old_password: old, new_password: next, ...profile } = values;
    const id = request.user!.id;
    let cookies: string[] | undefined;
    if (next !== undefined)
      cookies = await changePassword(request, passwords, old as string | undefined, next as string);
    const change = changeAccount(request.db, id, profile);
    await change.catch((error: unknown) => Promise.reject(translateConstraint(userResource, profile, error)));
    const row = await request.db.row<Record<string, unknown>>(
      sql`select username, first_name, last_name, email from app_user where id = ${id}`,
    );
    return {
      status: 200,
      body: row,
      ...(cookies && { cookies }),
    };
  };
}

async function changePassword(
  request: RequestContext,
  passwords: VerifiedPasswords,
  old: string | undefined,
  next: string,
): Promise<string[]> {
  if (old === undefined) throw ValidationError.cross('Old password is required to update the password.');
  const { id, username } = request.user!;
  const row = await request.db.row<{ password: string | null }>(sql`select password from app_user where id = ${id}`);
  if (!(await passwords.check(old, row?.password ?? null))) throw ValidationError.cross('Old password is incorrect.');
  if (next === old) throw ValidationError.cross('New password cannot be the same as the old password.');
  const problems = passwordProblems(next, [username]);
  if (problems.length > 0) throw new ValidationError({ non_field_errors: problems });
  await changeAccount(request.db, id, { password: await hashPassword(next) });
  await endAllSessions(request.db, id);
  return await startSession(request.db, id, speaksTls(request));
}

export function loginEndpoints(passwords: VerifiedPasswords): Endpoint[] {
  const common = { path: 'login/', tag: 'Login' } as const;
  const output = { component: 'Login', fields: loginFields };
  return [
    {
      ...common,
      method: 'post',
      operationId: 'login',
      summary: 'Start a session',
      output: { 201: output },
      handler: login,
    },
    {
      ...common,
      method: 'get',
      operationId: 'login_read',
      summary: 'Who is logged in',
      output: { 200: output },
      handler: async (request) => ({ status: 200, body: who(request) }),
    },
    {
      ...common,
      method: 'patch',
      operationId: 'login_update',
      summary: 'Change the own account',
      input: { component: 'LoginUpdate', fields: profileFields, partial: true },
      output: { 200: { component: 'LoginUpdate', fields: profileFields } },
      handler: updateProfile(passwords),
    },
    {
      ...common,
      method: 'delete',
      operationId: 'logout',
      summary: 'End the session',
      output: { 204: null },
      handler: logout,
    },
  ];
}
