/** Upstream servers to replicate from (core.md §8.4, docs/spec/replication.md §4). */
import { sql } from '../../../db/sql.ts';
import { CONNECTION_NAMES, SECRET_NAMES } from '../../../download/connection-settings.ts';
import type { ReplicationParts } from '../../../engines/replication/replication-parts.ts';
import { normalisedRoot } from '../../../engines/replication/upstream/upstream.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { dropKept } from '../../../model/replication/kept-stores.ts';
import { noteSettingsChanged } from '../../../model/replication/run.ts';
import type { RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields, nameFilters } from '../../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  choice,
  datetime,
  type Field,
  list,
  object,
  type Row,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { dateFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { FilterSet } from '../../engine/filters.ts';
import { HrefReader } from '../../engine/hrefs.ts';
import { HIDDEN_ITEM, networkFields, onlyCertificates } from '../../types/remote-resource.ts';
import { upstreamPulpModel } from '../models.ts';
import { upstreamActions } from './upstream-pulp-actions.ts';

const { rate_limit: _rate, ...network } = networkFields;
const LIMIT = { source: '^\\d{1,9}$|^\\d{1,3}(\\.\\d+)?%$', message: 'Give a number, or a percentage such as 25%.' };

const fields: Record<string, Field> = {
  ...identityFields(upstreamPulpModel),
  name: string({ help: 'A name that no other upstream of the domain has.' }),
  base_url: string({ help: 'Scheme, host and port of the upstream server.' }),
  api_root: string({ help: 'Its API root, /pulp/ unless it was set up otherwise.' }),
  domain: string({ help: 'The domain there, where it has domains.', nullable: true }),
  ...network,
  remote_policy: choice('RemotePolicyEnum', ['immediate', 'on_demand', 'streamed'], {
    help: 'Policy of the remotes that are made; immediate unless told.',
    nullable: true,
  }),
  hidden_fields: list(object({ schema: HIDDEN_ITEM }), {
    help: 'Which write-only fields are set.',
    readOnly: true,
    column: false,
    read: (row) => SECRET_NAMES.map((name) => ({ name, is_set: Boolean(row[name]) })),
  }),
  q_select: string({ help: 'Which distributions of upstream are wanted.', nullable: true, blank: true }),
  last_replication: datetime({ help: 'When the last complete replication began.', readOnly: true }),
  policy: choice('Policy357Enum', ['all', 'labeled', 'nodelete'], {
    help: 'What here belongs to the replication: everything, what it has brought, or everything without deleting anything.',
    default: 'all',
    hiddenDefault: true,
  }),
  owner_key: string({
    help: 'Upstreams with the same key share what they bring: the one that ran last owns it.',
    nullable: true,
  }),
  on_failure: choice('OnFailureEnum', ['abort', 'exclude'], {
    help: 'Whether a failed item stops everything, or keeps what it had while the others go on.',
    default: 'abort',
  }),
  activate: choice('ActivateEnum', ['auto', 'manual'], {
    help: 'Whether a run goes live by itself or waits to be activated.',
    default: 'auto',
  }),
  max_delete: string({
    help: 'The most distributions a run may delete: a number or a percentage. By default a tenth, but at least five.',
    nullable: true,
    pattern: LIMIT,
  }),
  copy_guards: boolean({
    help: 'Whether distributions get the content guard here that has the type and name of that upstream.',
    default: false,
  }),
};

const ORDERING = [
  'pulp_id',
  'pulp_created',
  'pulp_last_updated',
  'name',
  'base_url',
  'api_root',
  'domain',
  ...CONNECTION_NAMES.filter((name) => name !== 'headers' && !name.startsWith('proxy_')),
  'remote_policy',
  'q_select',
  'last_replication',
  'policy',
  'pk',
];

/** `distributions` is the list over all types: its filters are those that `q_select` may name. */
export function upstreamPulpResource(parts: ReplicationParts, distributions: Resource): Resource {
  return {
    model: upstreamPulpModel,
    tag: 'Upstream-Pulps',
    operation: 'upstream_pulps',
    hrefName: 'upstream_pulp_href',
    component: 'UpstreamPulp',
    noun: 'upstream pulp',
    description: 'A server to replicate from.',
    table: {
      name: 'upstream_pulp',
      from: sql.raw('upstream_pulp t'),
      key: 'pulp_id',
      newest: sql.raw('t.pulp_id'),
      inDomain: true,
    },
    fields,
    filters: {
      ...nameFilters,
      base_url: textFilter(sql.raw('t.base_url')),
      last_replication: dateFilter(sql.raw('t.last_replication')),
    },
    ordering: ORDERING,
    operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
    actions: upstreamActions(parts, (q, request) => checkSelection(q, request, distributions)),
    unique: [
      {
        fields: ['name'],
        constraint: 'upstream_pulp_name_unique',
        body: () => ({ name: ['This field must be unique.'] }),
      },
    ],
    hasRoles: true,
    validate: async (values, request, existing) => {
      const checked = checkConnection(values, existing);
      await checkSelection(checked.q_select, request, distributions);
      return checked;
    },
    beforeDelete: (tx, row) => dropKept(tx, String(row.pulp_id)),
    afterSave: async (tx, id) => {
      await noteSettingsChanged(tx, id);
    },
  };
}

function checkConnection(values: Values, existing: Row | undefined): Values {
  const checked = { ...values };
  if (typeof checked.api_root === 'string') checked.api_root = normalisedRoot(checked.api_root);
  if (typeof checked.base_url === 'string') checkBaseUrl(checked.base_url);
  for (const name of ['ca_cert', 'client_cert']) {
    if (typeof checked[name] === 'string') checked[name] = onlyCertificates(name, checked[name]);
  }
  const now = (name: string) => (name in checked ? checked[name] : existing?.[name]);
  if ((now('proxy_username') || now('proxy_password')) && !now('proxy_url')) {
    throw ValidationError.cross('proxy credentials cannot be specified without a proxy');
  }
  return checked;
}

function checkBaseUrl(text: string): void {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw ValidationError.field('base_url', 'Enter a valid URL.');
  if (url.username || url.password) {
    throw ValidationError.field('base_url', 'Use the fields username and password for credentials.');
  }
}

/** An expression in the grammar of `q` of the list of distributions; its errors are told under `q_select`. */
async function checkSelection(q: unknown, request: RequestContext, distributions: Resource): Promise<void> {
  if (typeof q !== 'string' || q === '') return;
  const { models, settings } = request.services;
  const filters = new FilterSet(distributions, new HrefReader(models, settings));
  try {
    await filters.conditions(new URLSearchParams({ q }), request);
  } catch (error) {
    if (!(error instanceof ValidationError) || Array.isArray(error.body)) throw error;
    throw new ValidationError({ q_select: Object.values(error.body).flat() as string[] });
  }
}
