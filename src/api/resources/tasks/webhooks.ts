/** Webhooks: addresses to which events are sent, signed, and how far each has got: an addition of this server. */
import { sql } from '../../../db/sql.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  datetime,
  type Field,
  integer,
  list,
  reference,
  secret,
  string,
} from '../../../plugin-api/declare/field.ts';
import { booleanFilter, textFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { webhookModel } from '../models.ts';

const KIND = /^[a-z_]+(\.[a-z_]*)?\*?$|^\*$/;

function addressProblem(value: unknown): string | undefined {
  const url = URL.parse(String(value));
  if (!url || !['http:', 'https:'].includes(url.protocol)) return 'Enter a valid http or https URL.';
  return url.username || url.password ? 'The URL may not contain credentials.' : undefined;
}

const fields: Record<string, Field> = {
  ...identityFields(webhookModel),
  name: string({ help: 'A name that no other webhook has.', maxLength: 150 }),
  url: string({ help: 'Where events are posted to, with http or https.', check: addressProblem }),
  secret: secret({ help: 'Key of the signature of each delivery; without it nothing is signed.' }),
  domain: reference('core.domain', {
    help: 'Only events of this domain; null for those of all domains and of the server itself.',
    nullable: true,
    required: false,
    read: (row, presenter) => (row.domain ? presenter.href('core.domain', String(row.domain)) : null),
  }),
  events: list(
    string({
      check: (value) => (KIND.test(String(value)) ? undefined : 'Not a type of events, such as task.failed or task.*.'),
    }),
    {
      help: 'Types of events that are sent, such as task.failed or distribution.*; all when empty.',
      default: [],
      column: 'kinds',
    },
  ),
  enabled: boolean({
    help: 'Whether events are sent; a webhook that is switched on again goes on where it was.',
    default: true,
  }),
  position: integer({ help: 'The last event that was delivered or passed over.', readOnly: true }),
  attempts: integer({ help: 'Failed attempts to deliver what comes next.', readOnly: true }),
  next_attempt: datetime({ help: 'Not before then.', readOnly: true }),
  last_delivery: datetime({ help: 'When a delivery succeeded last.', nullable: true, readOnly: true }),
  last_status: integer({ help: 'HTTP status of the last attempt.', nullable: true, readOnly: true }),
  last_error: string({ help: 'Why the last attempt failed.', nullable: true, readOnly: true }),
  delivered: integer({ help: 'Events delivered so far.', readOnly: true }),
  given_up: integer({ help: 'Events that grew too old before they could be delivered.', readOnly: true }),
};

export const webhookResource: Resource = {
  model: webhookModel,
  tag: 'Webhooks',
  operation: 'webhooks',
  hrefName: 'webhook_href',
  component: 'Webhook',
  noun: 'webhook',
  description: 'Addresses to which events are posted; for administrators.',
  table: {
    name: 'webhook',
    from: sql.raw('webhook t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: false,
  },
  fields,
  filters: { name: textFilter(sql.raw('t.name')), enabled: booleanFilter(sql.raw('t.enabled')) },
  ordering: ['pulp_id', 'pulp_created', 'pulp_last_updated', 'name', 'url', 'enabled', 'pk'],
  unique: [
    { fields: ['name'], constraint: 'webhook_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
  ],
  operations: { list: true, read: true, create: 'now', update: 'now', delete: 'now' },
  actions: [],
};
