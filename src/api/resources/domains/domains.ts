/** Domains: separate worlds of objects, each with its own names, storage and rules (core.md §7.4). */

import { mediaRoot, peerChoice, StorageChoiceError } from '../../../config/chosen-storage.ts';
import { sql } from '../../../db/sql.ts';
import { PulpError, ValidationError } from '../../../lib/errors.ts';
import type { ContentTable } from '../../../model/content/natural-key.ts';
import { hasContentInRepositories, objectsInDomain, setStorageSecrets } from '../../../model/domain.ts';
import { announceChange } from '../../../model/repositories/distribution-change.ts';
import type { Answer, Presenter, RequestContext, Services } from '../../../plugin-api/contracts/context.ts';
import { identityFields, labelField, nameFilters } from '../../../plugin-api/declare/common-fields.ts';
import {
  boolean,
  choice,
  type Field,
  json,
  type Row,
  reference,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { prn } from '../../../plugin-api/declare/model.ts';
import type { Reference } from '../../../plugin-api/declare/reference.ts';
import type { Action, Resource } from '../../../plugin-api/declare/resource.ts';
import { accepted } from '../../../plugin-api/toolkit/accepted.ts';
import { presenterFor } from '../../engine/presenter.ts';
import { asksForDryRun } from '../../types/dry-run.ts';
import { domainModel } from '../models.ts';
import { deleteDomainContent, removeDomainFiles } from './domain-leftovers.ts';
import {
  type CheckedSettings,
  checkStorageSettings,
  FILE_SYSTEM,
  STORAGE_CLASSES,
  shownSettings,
} from './storage-settings.ts';

export const DEFAULT_DOMAIN = 'default';

const storageClass = choice('StorageClassEnum', STORAGE_CLASSES, {
  help: 'The kind of place where artifacts are kept.',
});
const storageSettings = json({
  help: 'Settings of that place; secret ones are told in hidden_fields only by whether they are set.',
  required: true,
  schema: { type: 'object' },
});

const fields: Record<string, Field> = {
  ...identityFields(domainModel),
  name: string({
    help: 'A name that no other domain has; it is part of all its URLs.',
    maxLength: 50,
    pattern: {
      source: '^[-a-zA-Z0-9_]+$',
      message: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
    },
    check: (value) => (/^(api|content)$/i.test(String(value)) ? "Name can not be 'api' or 'content'." : undefined),
  }),
  description: string({ help: 'What the domain is for.', nullable: true }),
  pulp_labels: labelField,
  storage_class: storageClass,
  storage_settings: { ...storageSettings, read: readSettings },
  storage_secrets: string({ readOnly: true, writeOnly: true, secret: true }),
  redirect_to_object_storage: boolean({
    default: true,
    help: 'Whether content in an object store is answered by links to it.',
  }),
  hide_guarded_distributions: boolean({
    default: false,
    help: 'Whether guarded distributions are left out of the list of distributions.',
  }),
  default_content_guard: reference('content_guard', {
    help: 'The guard of new distributions that name none.',
    nullable: true,
    anyDomain: true,
    column: 'default_content_guard_id',
    read: (row, presenter) => {
      const { name, default_guard_type: type, default_content_guard_id: id } = row;
      const own = presenterFor(presenter.services, { ...presenter.domain, name: String(name) });
      return own.hrefOfType('content_guard', type as string | null, id as string | null);
    },
  }),
  default_content_guard_prn: string({
    help: 'The PRN of that guard.',
    readOnly: true,
    column: false,
    read: ({ default_guard_type: type, default_content_guard_id: id }, { services }) =>
      id ? services.models.prnOfType('content_guard', String(type), String(id)) : null,
  }),
};

/** The default domain is kept as the settings of the server say. */
function readSettings(row: Row, { services }: Presenter): Values {
  const storage = String(row.storage_class);
  const open = row.storage_settings as Values;
  if (row.name === DEFAULT_DOMAIN && storage === FILE_SYSTEM) {
    return shownSettings(storage, { ...open, location: mediaRoot(services.settings) }, new Set());
  }
  const secret = Object.entries(secretsOf(row, services)).filter(([, value]) => Boolean(value));
  return shownSettings(storage, open, new Set(secret.map(([name]) => name)));
}

function secretsOf({ storage_secrets: sealed }: Row, { secrets }: Services): Values {
  return typeof sealed === 'string' ? JSON.parse(secrets.decrypt(sealed)) : {};
}

/** The values to store for a class and settings; throws ValidationError for a place this server cannot use. */
function storageValues(wanted: string, given: unknown, { services }: RequestContext, existing?: Row): Values {
  const same = existing?.storage_class === wanted;
  const known = same ? { ...(existing!.storage_settings as Values), ...secretsOf(existing!, services) } : {};
  const checked = checkStorageSettings(wanted, given, known);
  requireUsable(wanted, checked, services);
  const { open, secret, givesSecret } = checked;
  // Secrets that are given count as changed even when they are the same, so that nobody can guess them.
  const changed = !same || givesSecret;
  const sealed = Object.keys(secret).length > 0 ? services.secrets.encrypt(JSON.stringify(secret)) : null;
  return { storage_class: wanted, storage_settings: open, ...(changed && { storage_secrets: sealed }) };
}

function requireUsable(wanted: string, { open, secret }: CheckedSettings, { settings }: Services): void {
  try {
    peerChoice(wanted, { ...open, ...secret }, settings);
  } catch (error) {
    if (error instanceof StorageChoiceError)
      throw ValidationError.field('storage_class', 'Backend is not installed on Pulp.');
    throw error;
  }
}

async function validate(values: Values, request: RequestContext, existing: Row | undefined): Promise<Values> {
  checkGuard(values.default_content_guard as Reference | null | undefined, existing);
  if (existing?.name === DEFAULT_DOMAIN) throw new ValidationError(['Default domain can not be updated.']);
  const { storage_class: wanted = existing?.storage_class, storage_settings: given, ...rest } = values;
  if (given === undefined && wanted === existing?.storage_class) return values;
  return { ...rest, ...storageValues(String(wanted), given ?? {}, request, existing) };
}

function checkGuard(guard: Reference | null | undefined, existing: Row | undefined): void {
  if (!guard) return;
  const refuse = (message: string) => ValidationError.field('default_content_guard', message);
  if (!existing) {
    throw refuse(
      'A default content-guard can only be set on an existing domain. Create the domain first, then set this field with an update.',
    );
  }
  if (guard.row.domain_id !== existing.id) throw refuse('The content-guard must belong to this domain.');
}

const migrate: Action = {
  name: 'migrate',
  method: 'post',
  detail: false,
  summary: 'Migrate storage backend',
  description: 'Starts a task that copies the artifacts of the domain to another place, which it then uses.',
  input: {
    component: 'DomainBackendMigrator',
    fields: { storage_class: storageClass, storage_settings: storageSettings },
  },
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, _target, input) => {
    const { domain } = request;
    if (domain.name === DEFAULT_DOMAIN) throw new ValidationError(['Default domain can not be migrated.']);
    const values = storageValues(String(input.storage_class), input.storage_settings, request);
    const task = await request.dispatch({
      name: 'pulpcore.app.tasks.migrate.migrate_backend',
      args: values,
      exclusive: [prn('core.domain', domain.pulpId)],
    });
    return accepted(request, task);
  },
};

/** Objects of a few kinds are left to be removed by hand; content in no repository goes with the domain. */
async function requireUnused(db: Parameters<typeof objectsInDomain>[0], id: number): Promise<void> {
  if (await hasContentInRepositories(db, id)) {
    throw new PulpError('PLP0007', 'You cannot delete a domain that still contains repositories with content.');
  }
  const objects = await objectsInDomain(db, id);
  if (objects.length === 0) return;
  const told = objects.map(({ kind, count }) => `${kind} (${count})`).join(', ');
  throw new PulpError('PLP0029', `Cannot delete the object because it is still referenced by other objects: ${told}.`);
}

/** More orphans than this are not removed in the time that a short task has. */
const QUICK = 500;

async function dispatchDelete(row: Row, request: RequestContext): Promise<Answer> {
  if (row.name === DEFAULT_DOMAIN) throw new ValidationError(['Default domain can not be deleted.']);
  const many = await request.db.row(sql`select 1 from artifact where domain_id = ${row.id} offset ${QUICK} limit 1`);
  const task = await request.dispatch({
    name: 'pulpcore.app.tasks.base.ageneral_delete',
    args: {
      model: 'core.domain',
      id: String(row.pulp_id),
      values: {},
      ...(asksForDryRun(request) && { dry_run: true }),
    },
    exclusive: [prn('core.domain', String(row.pulp_id))],
    immediate: !many,
  });
  return accepted(request, task);
}

/** `types`: those of content, which goes with the domain. */
export const domainResource = (types: readonly ContentTable[]): Resource => ({
  model: domainModel,
  tag: 'Domains',
  operation: 'domains',
  hrefName: 'domain_href',
  component: 'Domain',
  noun: 'domain',
  description: 'Separate worlds of objects.',
  table: {
    name: 'domain',
    from: sql.raw('domain t'),
    key: 'pulp_id',
    newest: sql.raw('t.id'),
    inDomain: false,
    columns: [
      sql.raw(
        '(select pulp_type from content_guard g where g.pulp_id = t.default_content_guard_id) as default_guard_type',
      ),
    ],
  },
  fields,
  filters: nameFilters,
  ordering: [
    'pulp_id',
    'pulp_created',
    'pulp_last_updated',
    'name',
    'pulp_labels',
    'description',
    'storage_class',
    'storage_settings',
    'redirect_to_object_storage',
    'hide_guarded_distributions',
    'pk',
  ],
  operations: { list: true, read: true, create: 'now', update: 'immediate', delete: 'immediate' },
  actions: [migrate],
  unique: [
    { fields: ['name'], constraint: 'domain_name_unique', body: () => ({ name: ['This field must be unique.'] }) },
  ],
  hasLabels: true,
  hasRoles: true,
  validate,
  afterSave: async (tx, id, values) => {
    if ('storage_secrets' in values) await setStorageSecrets(tx, id, values.storage_secrets);
    await announceChange(tx);
  },
  beforeDelete: async (tx, row) => {
    await requireUnused(tx, Number(row.id));
    await deleteDomainContent(tx, Number(row.id), types);
  },
  afterDelete: async (row, services) => await removeDomainFiles(row, services),
  deleteTask: dispatchDelete,
});
