/** The REST resource of a type of remotes: core's fields and rules with what the type adds (core.md §3.5). */

import { X509Certificate } from 'node:crypto';
import { sql } from '../../db/sql.ts';
import { CONNECTION_NAMES, type ConnectionName, isSecret } from '../../download/connection-settings.ts';
import { ValidationError } from '../../lib/errors.ts';
import { headersError } from '../../lib/http/request-header.ts';
import { unescaped } from '../../lib/text/unescaped.ts';
import { deleteSources } from '../../model/content/remote-artifact.ts';
import { announceChanges } from '../../model/repositories/distribution-change.ts';
import type { RequestContext } from '../../plugin-api/contracts/context.ts';
import { identityFields, labelField, MASTER_ORDERING, nameFilters } from '../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  choice,
  type Field,
  integer,
  list,
  number,
  object,
  type Row,
  secret,
  string,
  type Values,
} from '../../plugin-api/declare/field.ts';
import { dateFilter, type Filters } from '../../plugin-api/declare/filter.ts';
import type { Model } from '../../plugin-api/declare/model.ts';
import { namesOf } from '../../plugin-api/declare/names.ts';
import { filtersOf } from '../../plugin-api/declare/names-of-type.ts';
import type { DeclaredRemote } from '../../plugin-api/declare/remote-type.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';

/** The resource of a declared type of remotes. */
export function remoteResource(type: DeclaredRemote): Resource {
  const { model } = type;
  return {
    model,
    ...namesOf(model),
    noun: `${type.type} remote`,
    description: type.description,
    table: {
      name: 'remote',
      from: sql.raw('remote t'),
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      where: sql`t.pulp_type = ${model.pulpType} and t.kept_for is null`,
      inDomain: true,
    },
    fields: { ...remoteFields(model, type), ...type.fields },
    filters: filtersOf(type, remoteFilters),
    ordering: REMOTE_ORDERING,
    operations: { list: true, read: true, create: 'now', update: 'immediate', delete: 'task' },
    actions: type.actions ?? [],
    unique: [
      { fields: ['name'], constraint: 'remote_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
    ],
    hasLabels: true,
    hasRoles: type.hasRoles ?? true,
    ...(type.access && { access: type.access }),
    validate: async (values, request, existing) => {
      checkRemote(values, request, existing);
      return (await type.validate?.(values, request, existing)) ?? values;
    },
    afterSave: async (tx, id) => {
      await announceChanges(tx, sql`d.remote_id = ${id}`);
    },
    beforeDelete: async (tx, row) => {
      await deleteSources(tx, [String(row.pulp_id)]);
    },
  };
}

type Fields = Partial<Record<ConnectionName | 'rate_limit', Field>>;

const TIMEOUT = { nullable: true, minimum: 0 } as const;

const CONNECTION = {
  ca_cert: string({
    help: 'PEM certificates that upstream’s certificate is checked against, beside those of the system.',
    nullable: true,
  }),
  client_cert: string({ help: 'PEM certificate shown to upstream.', nullable: true }),
  client_key: secret({ help: 'PEM key of client_cert.' }),
  tls_validation: boolean({ help: 'Whether upstream’s certificate is checked.', required: false }),
  proxy_url: string({ help: 'Proxy, as scheme://host:port.', nullable: true }),
  proxy_username: secret({ help: 'User name at the proxy.' }),
  proxy_password: secret({ help: 'Password at the proxy.', keepSpace: true }),
  username: secret({ help: 'User name at upstream.' }),
  password: secret({ help: 'Password at upstream. White space at its ends is part of it.', keepSpace: true }),
} satisfies Fields;

const ATTEMPTS = {
  download_concurrency: integer({ help: 'Simultaneous requests; 10 by default.', nullable: true, minimum: 1 }),
  max_retries: integer({
    help: 'Further tries after a failed one; 3 by default.',
    nullable: true,
    minimum: 0,
    schema: { minimum: undefined },
  }),
} satisfies Fields;

const LIMITS = {
  total_timeout: number({ help: 'Seconds a download may take; no limit by default.', ...TIMEOUT }),
  connect_timeout: number({ help: 'Seconds until a connection is there.', ...TIMEOUT }),
  sock_connect_timeout: number({ help: 'Seconds until the socket is connected.', ...TIMEOUT }),
  sock_read_timeout: number({ help: 'Seconds without data.', ...TIMEOUT }),
  headers: list(object({ check: headersError }), {
    help: 'Additional request headers: objects with one entry each.',
    required: false,
    nullable: false,
  }),
  rate_limit: integer({ help: 'Requests per second.', nullable: true, minimum: 0, schema: { minimum: undefined } }),
} satisfies Fields;

/** How upstream is reached: the part of a remote that a single download can have too. */
export const networkFields: Readonly<Record<ConnectionName | 'rate_limit', Field>> = {
  ...CONNECTION,
  ...ATTEMPTS,
  ...LIMITS,
};

export function remoteFields(
  model: Model,
  type: Pick<DeclaredRemote, 'policies' | 'fixedPolicy'>,
): Record<string, Field> {
  const policies = type.policies ?? {
    enumName: 'Policy692Enum',
    choices: ['immediate', 'on_demand', 'streamed'],
    default: 'immediate',
  };
  return {
    ...identityFields(model),
    name: string({ help: 'A name that no other remote of the domain has.' }),
    url: string({ help: 'Where upstream is.' }),
    ...CONNECTION,
    pulp_labels: labelField,
    ...ATTEMPTS,
    ...(!type.fixedPolicy && {
      policy: choice(policies.enumName, policies.choices, {
        help: 'When bytes are fetched.',
        ...(policies.default !== undefined && { default: policies.default }),
      }),
    }),
    ...LIMITS,
    hidden_fields: list(object({ schema: HIDDEN_ITEM }), {
      help: 'Which write-only fields are set.',
      readOnly: true,
      column: false,
      read: (row) => SECRET_FIELDS.map((name) => ({ name, is_set: Boolean(row[name]) })),
    }),
  };
}

const SECRET_FIELDS = (Object.keys(CONNECTION) as ConnectionName[]).filter(isSecret);
export const HIDDEN_ITEM = {
  type: 'object',
  properties: { name: { type: 'string' }, is_set: { type: 'boolean' } },
  required: ['is_set', 'name'],
};

export const REMOTE_ORDERING = [
  ...MASTER_ORDERING,
  'name',
  'pulp_labels',
  'url',
  ...CONNECTION_NAMES.flatMap((name) => (name === 'max_retries' ? [name, 'policy'] : [name])),
  'rate_limit',
];

export const remoteFilters: Filters = { ...nameFilters, pulp_last_updated: dateFilter(sql.raw('t.pulp_last_updated')) };

const URL_WITH_SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Rules over one or several fields; certificates are reduced to their PEM blocks. */
function checkRemote(values: Values, request: RequestContext, existing: Row | undefined): void {
  if (typeof values.url === 'string') checkUrl(values.url, request.services.settings.allowedImportPaths);
  if (typeof values.proxy_url === 'string') checkProxyUrl(values.proxy_url);
  for (const name of ['ca_cert', 'client_cert']) {
    if (typeof values[name] === 'string') values[name] = onlyCertificates(name, values[name]);
  }
  checkProxyCredentials(values, existing);
}

/** Upstream addresses: http, https, or file below an allowed path; credentials belong in their own fields. */
export function checkUrl(url: string, allowedPaths: readonly string[]): void {
  if (!URL_WITH_SCHEME.test(url)) return;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Pulp takes any text, a sync from it fails with the reason; but what could hold a password is not kept in the clear.
    if (url.includes('@')) throw ValidationError.field('url', 'Enter a valid URL.');
    return;
  }
  if (parsed.protocol === 'file:') {
    const path = unescaped(parsed.pathname).replace(/\/{2,}/g, '/');
    const clean = !path.split('/').includes('..');
    if (clean && allowedPaths.some((allowed) => `${path}/`.startsWith(`${allowed.replace(/\/+$/, '')}/`))) return;
    throw ValidationError.field('url', `url '${url}' starts with a not allowed import path.`);
  }
  if (parsed.username || parsed.password) {
    throw ValidationError.field(
      'url',
      'The remote url contains username or password authentication information. Use the remote fields username and password instead.',
    );
  }
}

function checkProxyUrl(url: string): void {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    throw ValidationError.field('proxy_url', 'Enter a valid URL.');
  }
  if (parsed.username || parsed.password) {
    throw ValidationError.field('proxy_url', 'proxy_url must not contain credentials');
  }
}

function checkProxyCredentials(values: Values, existing: Row | undefined): void {
  const now = (name: string) => (name in values ? values[name] : existing?.[name]);
  const user = now('proxy_username');
  const password = now('proxy_password');
  if ((user || password) && !now('proxy_url'))
    throw ValidationError.cross('proxy credentials cannot be specified without a proxy');
  if (Boolean(user) !== Boolean(password)) {
    throw ValidationError.cross('proxy username and password can only be specified together');
  }
}

const PEM_BLOCK = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** The PEM blocks of a text without what stands around them; refuses what is no certificate. */
export function onlyCertificates(field: string, text: string): string {
  const blocks = text.match(PEM_BLOCK) ?? [];
  try {
    if (blocks.length === 0) throw new Error('no PEM block');
    for (const block of blocks) new X509Certificate(block);
  } catch {
    throw ValidationError.field(field, `Error: ${field} must be a PEM-encoded X.509 certificate or a bundle of them.`);
  }
  return `${blocks.join('\n')}\n`;
}
