/** Signing services, as operators have added them (core.md §7.5). */
import { sql } from '../../../db/sql.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import { string } from '../../../plugin-api/declare/field.ts';
import { exactFilter } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { signingServiceModel } from '../models.ts';

export const signingServiceResource: Resource = {
  model: signingServiceModel,
  tag: 'Signing-Services',
  operation: 'signing_services',
  hrefName: 'signing_service_href',
  component: 'SigningService',
  noun: 'signing service',
  description: 'Programs that sign files.',
  table: {
    name: 'signing_service',
    from: sql.raw('signing_service t'),
    key: 'pulp_id',
    newest: sql.raw('t.pulp_id'),
    inDomain: false,
  },
  fields: {
    ...identityFields(signingServiceModel),
    name: string({ help: 'Its name.' }),
    public_key: string({ help: 'The public key, in ASCII.' }),
    pubkey_fingerprint: string({ help: 'The fingerprint of the public key.' }),
    script: string({ help: 'The program that signs.' }),
  },
  filters: { name: exactFilter(sql.raw('t.name')) },
  ordering: [
    'pulp_id',
    'pulp_created',
    'pulp_last_updated',
    'name',
    'public_key',
    'pubkey_fingerprint',
    'script',
    'pk',
  ],
  operations: { list: true, read: true },
  actions: [],
};
