/** The general tasks that create, update and delete one object; their names are known to clients. */
import { runCreationHooks } from '../../access/creation-hooks.ts';
import type { Transaction } from '../../db/database.ts';
import { violatedForeignKey } from '../../db/errors.ts';
import { foresee } from '../../db/foresee.ts';
import { PulpError, ValidationError } from '../../lib/errors.ts';
import { countingDeleted } from '../../model/deleted-rows.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import { labelOf, type Model, prn } from '../../plugin-api/declare/model.ts';
import type { Resource } from '../../plugin-api/declare/resource.ts';
import { presentOne } from './present.ts';
import { presenterFor } from './presenter.ts';
import { readRow } from './read-rows.ts';
import { deleteRow, insertRow, translateConstraint, updateRow } from './write-rows.ts';

interface WriteArgs {
  readonly model: string;
  readonly id?: string;
  readonly values: Values;
  /** Of a deletion: only tells what would go. */
  readonly dry_run?: boolean;
  /** A unit of content is made by the upload engine from this. */
  readonly content?: object;
}

/** The tasks over all declared resources, by all names they have; units of content are made by the upload engine. */
export function writeTasks(
  resources: readonly Resource[],
  createContent: (context: TaskContext, content: object) => Promise<unknown>,
): TaskFunction[] {
  const byLabel = new Map(resources.map((resource) => [labelOf(resource.model), resource]));
  const named = (
    act: string,
    run: (context: TaskContext, resource: Resource, args: WriteArgs) => Promise<unknown>,
  ): TaskFunction => ({
    name: `pulpcore.app.tasks.base.${act}`,
    run: async (context, args: WriteArgs) => {
      const resource = byLabel.get(args.model);
      if (!resource) throw new ValidationError([`${args.model} is not known to this server.`]);
      return await run(context, resource, args);
    },
  });
  const createAny: typeof create = async (context, resource, args) =>
    args.content ? await createContent(context, args.content) : await create(context, resource, args);
  const removals = ['general_delete', 'ageneral_delete', 'general_multi_delete'];
  return [
    named('general_create', createAny),
    ...['general_update', 'ageneral_update'].map((name) => named(name, update)),
    ...removals.map((name) => named(name, remove)),
  ];
}

async function create(context: TaskContext, resource: Resource, { values }: WriteArgs): Promise<unknown> {
  const row = await guarded(resource, values, () =>
    context.write(async (tx) => {
      const id = await insertRow(tx, resource, context.domain, values, context);
      await runCreationHooks(tx, context.settings, resource.model, id, context.task.userId);
      return await readRow(tx, resource, context.domain, id);
    }),
  );
  context.created(prn(labelOf(resource.model), String(row!.pulp_id)));
  return await presentOne(resource, row!, presenterFor(context, context.domain));
}

async function update(context: TaskContext, resource: Resource, { id, values }: WriteArgs): Promise<unknown> {
  const row = await guarded(resource, values, () =>
    context.write(async (tx) => {
      const found = await updateRow(tx, resource, context.domain, id!, values, context);
      return found ? await readRow(tx, resource, context.domain, id!) : undefined;
    }),
  );
  if (!row) throw new ValidationError([`${resource.model.name} ${id} does not exist any more.`]);
  return await presentOne(resource, row, presenterFor(context, context.domain));
}

/** Answers the objects that went, or for a dry run would go, by model. */
async function remove(context: TaskContext, resource: Resource, { id, dry_run: dryRun }: WriteArgs): Promise<unknown> {
  const work = (tx: Transaction) =>
    countingDeleted(tx, context.models, () => deleteRow(tx, resource, context.domain, id!, context));
  const { answer: row, deleted } = await stillNeeded(() =>
    dryRun ? foresee((inside) => context.write(inside), work) : context.write(work),
  );
  if (!row) return { skipped: [`${labelOf(resource.model)}:${id}`] };
  if (!dryRun) await resource.afterDelete?.(row, context);
  return { ...Object.fromEntries(countedModels(resource.model).map((name) => [name, 1])), ...deleted };
}

async function stillNeeded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const constraint = violatedForeignKey(error);
    if (constraint === undefined) throw error;
    const by = constraint.replace(/_[a-z]+_id_fkey$/, '').replaceAll('_', ' ');
    throw new PulpError('PLP0029', `Cannot delete the object because it is still referenced by other objects: ${by}.`);
  }
}

const MASTERS: Readonly<Record<string, string>> = {
  repository: 'core.Repository',
  remote: 'core.Remote',
  distribution: 'core.Distribution',
  publication: 'core.Publication',
  content_guard: 'core.ContentGuard',
  alternate_content_source: 'core.AlternateContentSource',
  exporter: 'core.Exporter',
  importer: 'core.Importer',
};

/** A master and its detail both count. */
function countedModels(model: Model): string[] {
  const master = MASTERS[model.table];
  return [...(master ? [master] : []), `${model.app}.${model.name}`];
}

async function guarded<T>(resource: Resource, values: Values, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateConstraint(resource, values, error);
  }
}
