/** What can be done with an upstream server: replicate from it, see what that would do, and how far apart both are. */

import type { Plan, PlanItem } from '../../../engines/replication/plan/plan-types.ts';
import { type Prepared, preparePlan } from '../../../engines/replication/prepare-plan.ts';
import type { ReplicationParts } from '../../../engines/replication/replication-parts.ts';
import { advanceLocks, REPLICATE } from '../../../engines/replication/run/run-tasks.ts';
import { findUpstream, type Upstream } from '../../../engines/replication/upstream/upstream.ts';
import { HttpError, PulpError } from '../../../lib/errors.ts';
import { insertRun } from '../../../model/replication/run.ts';
import { allTasksDispatched, createTaskGroup } from '../../../model/tasks/task-group.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { boolean, json, string, type Values } from '../../../plugin-api/declare/field.ts';
import type { Action, ActionTarget } from '../../../plugin-api/declare/resource.ts';
import { acceptedGroup } from '../../../plugin-api/toolkit/accepted.ts';
import { lastRun } from './replication-runs.ts';

type CheckSelection = (q: unknown, request: RequestContext) => Promise<void>;

export function upstreamActions(parts: ReplicationParts, check: CheckSelection): Action[] {
  return [replicateAction(parts, check), statusAction(parts)];
}

function replicateAction(parts: ReplicationParts, check: CheckSelection): Action {
  return {
    name: 'replicate',
    method: 'post',
    detail: true,
    summary: 'Replicate',
    description: 'Starts a group of tasks that makes the domain serve what upstream serves.',
    input: {
      component: 'UpstreamPulpReplicate',
      fields: {
        q_select: string({
          help: 'Which distributions are wanted this time; nothing is deleted then.',
          nullable: true,
          blank: true,
        }),
        dry_run: boolean({ help: 'Answers the plan and changes nothing.', required: false }),
      },
    },
    output: { 202: { component: 'TaskGroupOperation' } },
    run: async (request, target, input) => {
      await check(input.q_select, request);
      const selection = typeof input.q_select === 'string' && input.q_select !== '' ? input.q_select : null;
      if (input.dry_run === true) return await dryRun(parts, request, target, selection);
      return await startRun(request, target, selection);
    },
  };
}

async function startRun(request: RequestContext, target: ActionTarget, q: string | null): Promise<Answer> {
  const { db, domain, user } = request;
  const group = await createTaskGroup(db, domain.id, `Replication of ${String(target.row.name)}`);
  const selective = q !== null;
  const run = await insertRun(db, {
    domainId: domain.id,
    upstreamId: target.id,
    q,
    selective,
    group,
    userId: user?.id ?? null,
  });
  await request.dispatch({
    name: REPLICATE,
    args: { run, round: 1 },
    ...advanceLocks(domain.pulpId, target.id),
    taskGroup: group,
  });
  await allTasksDispatched(db, group);
  return acceptedGroup(request, group);
}

/** 200 with the plan, 409 when it has conflicts. */
async function dryRun(
  parts: ReplicationParts,
  request: RequestContext,
  target: ActionTarget,
  q: string | null,
): Promise<Answer> {
  const upstream = await requireUpstream(request, target);
  const prepared = await prepare(parts, request, upstream, q);
  return { status: prepared.plan.conflicts.length > 0 ? 409 : 200, body: planOnWire(prepared.plan) };
}

async function requireUpstream(request: RequestContext, target: ActionTarget): Promise<Upstream> {
  const upstream = await findUpstream(request.db, request.services.secrets, request.domain.id, target.id);
  if (!upstream) throw new HttpError(404, 'Not found.');
  return upstream;
}

/** Troubles of upstream are not ours: 502. */
async function prepare(
  parts: ReplicationParts,
  request: RequestContext,
  upstream: Upstream,
  q: string | null,
): Promise<Prepared> {
  try {
    return await preparePlan(request.services, parts, upstream, { q: q ?? upstream.qSelect, selective: q !== null });
  } catch (error) {
    if (error instanceof PulpError) throw new HttpError(502, error.message);
    throw error;
  }
}

function planOnWire(plan: Plan): object {
  return {
    summary: plan.summary,
    items: plan.items.filter(({ act }) => act !== 'unchanged').map(itemOnWire),
    conflicts: plan.conflicts,
  };
}

function itemOnWire(item: PlanItem): object {
  const { object, type, name, basePath, act, old, conflict = null, reason = null, needsSync } = item;
  return { object, type, name, base_path: basePath, act, old, new: item.new, sync: needsSync, conflict, reason };
}

function statusAction(parts: ReplicationParts): Action {
  return {
    name: 'status',
    method: 'get',
    detail: true,
    summary: 'Compare with upstream',
    description: 'Compares what is served here with what upstream serves, without fetching any content.',
    output: {
      200: {
        component: 'UpstreamPulpStatus',
        fields: {
          in_sync: boolean({ help: 'Whether a replication would change nothing.', required: true }),
          last_run: json({ help: 'The last run.', required: true, nullable: true }),
          drift: json({ help: 'What a replication would do, by item.', required: true }),
          conflicts: json({ help: 'What stands against it.', required: true }),
        },
      },
    },
    run: async (request, target) => {
      const upstream = await requireUpstream(request, target);
      const { plan } = await prepare(parts, request, upstream, null);
      const drift = plan.items.filter(({ act }) => act !== 'unchanged' && act !== 'skipped');
      const body: Values = {
        in_sync: drift.length === 0 && plan.conflicts.length === 0,
        last_run: await lastRun(request, target.id),
        drift: drift.map(itemOnWire),
        conflicts: plan.conflicts,
      };
      return { status: 200, body };
    },
  };
}
