/** The actions of repositories: sync and modify, and what follows a change of one. */

import type { Transaction } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { ValidationError } from '../../lib/errors.ts';
import { uuidAtEnd } from '../../lib/text/uuid.ts';
import { insertFirstVersions } from '../../model/repositories/new-repository.ts';
import { trimVersions } from '../../model/repositories/protected-versions.ts';
import { trimCheckpoints } from '../../model/repositories/publication.ts';
import type { RequestContext, Services } from '../../plugin-api/contracts/context.ts';
import { boolean, list, reference, string, type Values } from '../../plugin-api/declare/field.ts';
import { plainValues, type Reference } from '../../plugin-api/declare/reference.ts';
import type { ModifyDeclaration, SyncOf } from '../../plugin-api/declare/repository-type.ts';
import type { Action } from '../../plugin-api/declare/resource.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import { dryRunField } from './dry-run.ts';

/** Condition on `c` for one unit named by href or PRN. */
export async function contentCondition(value: string, request: RequestContext): Promise<Sql> {
  const id = unitId(value.trim());
  if (value === '') throw new ValidationError(['No value supplied for content filter']);
  if (!id) throw new ValidationError([`URI not valid: ${value}`]);
  const seen = request.visible?.('content', 'c');
  const found = await request.db.row(
    sql`select 1 from content c where c.pulp_id = ${id} and c.domain_id = ${request.domain.id}${seen ? sql` and ${seen}` : sql.empty}`,
  );
  if (!found) throw new ValidationError([`URI ${value} not found for content.`]);
  return sql`c.pulp_id = ${id} and c.domain_id = ${request.domain.id}`;
}

/** The id at the end of a unit's href or PRN. */
function unitId(text: string): string | undefined {
  const isName = text.startsWith('prn:') || text.includes('/content/');
  return isName ? uuidAtEnd(text) : undefined;
}

/** Ids of the units named; all those that are wrong or missing are told at once. Units that only hidden repositories have are missing. */
export async function unitIds(field: string, names: readonly string[], request: RequestContext): Promise<string[]> {
  const seen = request.visible?.('content', 'c');
  const bad = names.find((name) => unitId(name) === undefined);
  if (bad !== undefined) throw ValidationError.field(field, `URI not valid: ${bad}`);
  const ids = [...new Set(names.map((name) => unitId(name)!))];
  const found = await request.db.rows<{ pulp_id: string; own: boolean }>(
    sql`select c.pulp_id, c.domain_id = ${request.domain.id} as own from content c where c.pulp_id = any(${ids}::uuid[])
      ${seen ? sql`and (${seen} or not exists (select 1 from repository_content rc where rc.content_id = c.id))` : sql.empty}`,
  );
  const refuse = (wrong: (id: string) => boolean, message: string) => {
    const bad = names.filter((name) => wrong(unitId(name)!));
    if (bad.length > 0)
      throw ValidationError.field(field, `${message}: [${bad.map((name) => `'${name}'`).join(', ')}]`);
  };
  const own = new Map(found.map((row) => [row.pulp_id, row.own]));
  refuse((id) => !own.has(id), 'Could not find the following content units');
  refuse((id) => !own.get(id), `Content units are not a part of the current domain ${request.domain.name}`);
  return ids;
}

export function syncAction(sync: SyncOf): Action {
  return {
    name: 'sync',
    method: 'post',
    detail: true,
    summary: 'Sync from a remote',
    description: 'Starts a task that brings the repository up to date with a remote.',
    input: {
      component: sync.component,
      fields: {
        remote: reference('remote', {
          required: false,
          help: 'The remote to sync from; the repository’s own by default.',
        }),
        ...sync.fields,
      },
    },
    output: { 202: { component: 'AsyncOperation' } },
    run: async (request, target, input) => {
      const remote = (input.remote as Reference | undefined) ?? (await ownRemote(request, target.row));
      if (!remote)
        throw ValidationError.field('remote', 'This field is required since a remote is not set on the repository.');
      sync.check?.(input, target.row);
      const { remote: _, ...options } = input;
      const task = await request.dispatch({
        name: sync.taskName,
        args: { repository: target.id, remote: remote.id, options },
        exclusive: [target.prn],
        shared: [remote.prn],
      });
      return accepted(request, task);
    },
  };
}

async function ownRemote(
  request: RequestContext,
  repository: Values,
): Promise<Pick<Reference, 'id' | 'prn'> | undefined> {
  if (!repository.remote_id) return undefined;
  const id = String(repository.remote_id);
  const row = await request.db.row<{ pulp_type: string }>(sql`select pulp_type from remote where pulp_id = ${id}`);
  return row && { id, prn: request.services.models.prnOfType('remote', row.pulp_type, id) };
}

export function modifyAction({ component, fields, task, check }: ModifyDeclaration = {}): Action {
  return {
    name: 'modify',
    method: 'post',
    detail: true,
    summary: 'Modify Repository Content',
    description: 'Starts a task that makes a new version with units added and removed.',
    input: {
      component: component ?? 'RepositoryAddRemoveContent',
      fields: {
        add_content_units: list(string({ help: 'href or PRN of a unit' }), { required: false, help: 'Units to add.' }),
        remove_content_units: list(string(), { required: false, help: "Units to remove; '*' removes all." }),
        base_version: reference(['repository_version'], {
          required: false,
          help: 'Start from this version instead of the latest.',
        }),
        overwrite: boolean({
          default: true,
          help: 'Whether units with the same key are replaced; false makes that an error.',
        }),
        dry_run: dryRunField,
        ...fields,
      },
    },
    output: { 202: { component: 'AsyncOperation' } },
    run: async (request, target, input) => {
      const add = (input.add_content_units as string[] | undefined) ?? [];
      const remove = (input.remove_content_units as string[] | undefined) ?? [];
      if (remove.includes('*') && remove.length > 1) {
        throw ValidationError.field('remove_content_units', "Cannot supply content units and '*'.");
      }
      const addIds = await unitIds('add_content_units', add, request);
      const removeIds = remove.includes('*') ? ['*'] : await unitIds('remove_content_units', remove, request);
      const base = input.base_version as Reference | undefined;
      if (base) await requireSeen(request, base.id);
      const values = Object.fromEntries(Object.keys(fields ?? {}).map((name) => [name, input[name]]));
      await check?.(request, target.row, { add: addIds, remove: removeIds, hasBase: Boolean(base), values });
      const dispatched = await request.dispatch({
        name: task ?? 'pulpcore.app.tasks.repository.add_and_remove',
        args: {
          repository: target.id,
          base_version: base?.id ?? null,
          add_content_units: addIds,
          remove_content_units: removeIds,
          overwrite: input.overwrite ?? true,
          ...(input.dry_run === true && { dry_run: true }),
          ...(fields && { values: plainValues(values) }),
        },
        exclusive: [target.prn],
      });
      return accepted(request, dispatched);
    },
  };
}

/** The content of a version that the caller may not see is not to be had by starting from it. */
async function requireSeen(request: RequestContext, versionId: string): Promise<void> {
  const seen = request.visible?.('repository', 'r');
  if (!seen) return;
  const found = await request.db.row(
    sql`select 1 from repository_version v join repository r on r.id = v.repository_id where v.pulp_id = ${versionId} and ${seen}`,
  );
  if (!found) throw ValidationError.field('base_version', 'Invalid hyperlink - Object does not exist.');
}

/** A new repository has version 0; a changed retention is applied to the versions there are. */
export function afterRepositorySave(servesPublications: boolean) {
  return async (tx: Transaction, id: string, values: Values, _services: Services, created: boolean): Promise<void> => {
    if (created) return await insertFirstVersions(tx, [id]);
    const { retain_repo_versions: versions, retain_checkpoints: checkpoints } = values;
    if (typeof versions !== 'number' && typeof checkpoints !== 'number') return;
    const row = await tx.row<{ id: number }>(sql`select id from repository where pulp_id = ${id}`);
    if (!row) return;
    if (typeof versions === 'number') await trimVersions(tx, row.id, versions, servesPublications);
    if (typeof checkpoints === 'number') await trimCheckpoints(tx, row.id, checkpoints);
  };
}
