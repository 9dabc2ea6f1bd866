/** Endpoints that clean up or repair the whole server: orphans, repair, reclaim (core.md §3.4). */

import { sql } from '../../db/sql.ts';
import { HttpError, ValidationError } from '../../lib/errors.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import { integer, json, list, reference, type Values } from '../../plugin-api/declare/field.ts';
import type { Reference } from '../../plugin-api/declare/reference.ts';
import { accepted } from '../../plugin-api/toolkit/accepted.ts';
import { HrefReader } from '../engine/hrefs.ts';
import type { Body } from '../engine/read-body.ts';
import { validateBody } from '../engine/validate-body.ts';
import { Refused } from '../engine/validate-value.ts';
import { asksForDryRun, dryRunField } from '../types/dry-run.ts';
import { unitIds } from '../types/repository-actions.ts';
import { repairFields } from '../types/version-resource.ts';
import type { Endpoint } from './endpoint.ts';

const ACCEPTED = { 202: { component: 'AsyncOperation' } } as const;
const orphanFields = {
  content_hrefs: list(json(), { required: false, help: 'Only these units; all by default.' }),
  orphan_protection_time: integer({
    required: false,
    nullable: true,
    minimum: 0,
    maximum: 4294967295,
    help: 'Minutes for which orphans are kept; ORPHAN_PROTECTION_TIME by default.',
  }),
  dry_run: dryRunField,
};
const reclaimFields = {
  repo_hrefs: list(json(), { help: "Repositories whose bytes may be dropped; ['*'] for all." }),
  repo_versions_keeplist: list(reference('core.repositoryversion'), {
    required: false,
    help: 'Versions whose bytes are kept.',
  }),
  dry_run: dryRunField,
};

function reader(request: RequestContext): HrefReader {
  const { models, settings } = request.services;
  return new HrefReader(models, settings);
}

async function input(request: RequestContext, fields: Parameters<typeof validateBody>[0], body: Body): Promise<Values> {
  return await validateBody(fields, body, request, reader(request));
}

function requireAdministrator(request: RequestContext): void {
  if (!request.user?.isSuperuser) throw new HttpError(403, 'You do not have permission to perform this action.');
}

async function start(
  request: RequestContext,
  name: string,
  args: object,
  locks: { exclusive?: string[]; shared?: string[] },
): Promise<Answer> {
  const task = await request.dispatch({ name, args, ...locks });
  return accepted(request, task);
}

const domainLock = (request: RequestContext, word: string) => `pdrn:${request.domain.pulpId}:${word}`;

async function cleanUpOrphans(request: RequestContext, _params: unknown, body: Body): Promise<Answer> {
  requireAdministrator(request);
  const values = await input(request, orphanFields, body);
  const names = values.content_hrefs as string[] | undefined;
  if (names?.length === 0) throw ValidationError.field('content_hrefs', 'Must not be [].');
  const content = names && (await unitIds('content_hrefs', names.map(String), request));
  return await start(
    request,
    'pulpcore.app.tasks.orphan.orphan_cleanup',
    {
      content: content ?? null,
      orphan_protection_time: values.orphan_protection_time ?? null,
      dry_run: values.dry_run ?? false,
    },
    { exclusive: [domainLock(request, 'orphans')] },
  );
}

/** Unscoped and deprecated: asked for by mistake too easily to be done without a word. */
async function deleteOrphans(request: RequestContext): Promise<Answer> {
  requireAdministrator(request);
  const dryRun = asksForDryRun(request);
  if (!dryRun && request.query.get('confirm') !== 'true') {
    throw new ValidationError([
      'This removes all orphaned content. Use orphans/cleanup/, or confirm with ?confirm=true.',
    ]);
  }
  return await start(
    request,
    'pulpcore.app.tasks.orphan.orphan_cleanup',
    { content: null, orphan_protection_time: null, dry_run: dryRun },
    { exclusive: [domainLock(request, 'orphans')] },
  );
}

async function repairAll(request: RequestContext, _params: unknown, body: Body): Promise<Answer> {
  requireAdministrator(request);
  const values = await input(request, repairFields, body);
  return await start(
    request,
    'pulpcore.app.tasks.repository.repair_all_artifacts',
    { verify_checksums: values.verify_checksums ?? true, dry_run: values.dry_run ?? false },
    { exclusive: [domainLock(request, 'repair')] },
  );
}

async function reclaim(request: RequestContext, _params: unknown, body: Body): Promise<Answer> {
  requireAdministrator(request);
  const values = await input(request, reclaimFields, body);
  const names = (values.repo_hrefs as unknown[]).map(String);
  if (names.length === 0) throw ValidationError.field('repo_hrefs', 'Must not be [].');
  if (names.includes('*') && names.length > 1)
    throw ValidationError.field('repo_hrefs', "Can not specify other HREFs when using '*'");
  const repositories = await findRepositories(names, request);
  const keep = ((values.repo_versions_keeplist ?? []) as Reference[]).map(({ row }) => String(row.pulp_id));
  const locks =
    repositories.length > 0
      ? { shared: repositories.map(({ prn }) => prn) }
      : { exclusive: [domainLock(request, 'reclaim_space')] };
  return await start(
    request,
    'pulpcore.app.tasks.reclaim_space.reclaim_space',
    { repositories: repositories.map(({ id }) => id), keep_versions: keep, dry_run: values.dry_run ?? false },
    locks,
  );
}

async function findRepositories(
  names: readonly string[],
  request: RequestContext,
): Promise<{ id: string; prn: string }[]> {
  const ids = names.includes('*') ? null : names.map((name) => repositoryId(name, request));
  const rows = await request.db.rows<{ pulp_id: string; pulp_type: string }>(
    sql`select pulp_id, pulp_type from repository where domain_id = ${request.domain.id} and kept_for is null
      ${ids ? sql`and pulp_id = any(${ids}::uuid[])` : sql.empty}`,
  );
  const found = new Set(rows.map((row) => row.pulp_id));
  const missing = ids ? names.filter((_name, at) => !found.has(ids[at]!)) : [];
  if (missing.length > 0)
    throw ValidationError.field('repo_hrefs', `URI ${missing.join(', ')} not found for repository.`);
  return rows.map((row) => ({
    id: row.pulp_id,
    prn: request.services.models.prnOfType('repository', row.pulp_type, row.pulp_id),
  }));
}

function repositoryId(name: string, request: RequestContext): string {
  try {
    const named = reader(request).read(name);
    if (named.model.table !== 'repository') throw new Refused('not a repository');
    return named.id;
  } catch (error) {
    if (error instanceof Refused) throw ValidationError.field('repo_hrefs', `URI not valid: ${name}`);
    throw error;
  }
}

export const cleanUpEndpoints: readonly Endpoint[] = [
  {
    method: 'post',
    path: 'orphans/cleanup/',
    operationId: 'orphans_cleanup_cleanup',
    tag: 'Orphans: Cleanup',
    summary: 'Remove orphans',
    input: { component: 'OrphansCleanup', fields: orphanFields },
    output: ACCEPTED,
    handler: cleanUpOrphans,
  },
  {
    method: 'delete',
    path: 'orphans/',
    operationId: 'orphans_delete',
    tag: 'Orphans',
    summary: 'Remove all orphans',
    output: ACCEPTED,
    deprecated: true,
    handler: deleteOrphans,
  },
  {
    method: 'post',
    path: 'repair/',
    operationId: 'repair_post',
    tag: 'Repair',
    summary: 'Repair artifacts',
    input: { component: 'Repair', fields: repairFields },
    output: ACCEPTED,
    handler: repairAll,
  },
  {
    method: 'post',
    path: 'repositories/reclaim_space/',
    operationId: 'repositories_reclaim_space_reclaim',
    tag: 'Repositories: Reclaim_Space',
    summary: 'Drop bytes that can be fetched again',
    input: { component: 'ReclaimSpace', fields: reclaimFields },
    output: ACCEPTED,
    handler: reclaim,
  },
];
