/** Makes one unit of content from bytes, in a task or in a request; a unit that exists already is found and completed. */
import type { Transaction } from '../../db/database.ts';
import { ValidationError } from '../../lib/errors.ts';
import { findContent, type SavedUnit, saveContent, touchContent, type Unit } from '../../model/content/content.ts';
import { findRepository } from '../../model/repositories/repository.ts';
import { deleteUpload } from '../../model/upload.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';
import { unitOf } from '../repository/unit-of.ts';
import { checkOverwrite } from '../repository/versions/check-overwrite.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { withNewVersion } from '../repository/versions/with-new-version.ts';
import type { ContentArgs, ContentNow } from './content-request.ts';
import { obtainBytes } from './obtain-bytes.ts';
import { readUnit } from './read-unit.ts';

/** The task: answers the unit as the API shows it. The new version, if any, is noted before the unit. */
export async function createContent(context: TaskContext, engine: VersionEngine, args: ContentArgs): Promise<unknown> {
  const type = engine.types.contentType(args.contentType);
  const now = { ...args, userId: context.task.userId };
  const units = await prepareUnits(context, engine.types, context.domain, type, now, context.signal);
  const [saved, ...companions] = args.repository
    ? await addToRepository(context, engine, units, args)
    : await context.write((tx) => saveAll(tx, context.domain, units));
  if (args.upload) await dropUpload(context, context.domain, args.upload);
  context.created(type.prn(saved.pulpId));
  for (const one of companions) context.created(labelled(engine.types, one));
  return await context.present(context.domain, type.label, saved.pulpId);
}

export interface CreatedContent {
  readonly pulpId: string;
  /** It was there before. */
  readonly existed: boolean;
}

/** The same within a request, without a repository. */
export async function createContentNow(
  services: Services,
  engine: Pick<VersionEngine, 'types'>,
  domain: Domain,
  args: ContentNow,
): Promise<CreatedContent> {
  const type = engine.types.contentType(args.contentType);
  const units = await prepareUnits(services, engine.types, domain, type, args);
  const [{ pulpId, existed }] = await services.db.transaction((tx) => saveAll(tx, domain, units));
  if (args.upload) await dropUpload(services, domain, args.upload);
  return { pulpId, existed };
}

/** A unit with those that came with it. */
type Units = readonly [Unit, ...Unit[]];
type SavedUnits = readonly [SavedUnit, ...SavedUnit[]];

function labelled(types: VersionEngine['types'], unit: SavedUnit): string {
  return types.contentType(unit.type.pulpType).prn(unit.pulpId);
}

async function prepareUnits(
  services: Services,
  types: VersionEngine['types'],
  domain: Domain,
  type: ContentType,
  args: ContentNow,
  signal?: AbortSignal,
): Promise<Units> {
  const bytes = await obtainBytes(services, domain, args, signal);
  const declared = await readUnit(services, domain, type, types.uploadReader(type.pulpType), args, bytes);
  return [unitOf(declared), ...(declared.companions ?? []).map((one) => unitOf(one))];
}

async function saveAll(tx: Transaction, domain: Domain, units: Units): Promise<SavedUnits> {
  await findContent(tx, domain.id, units);
  const saved = (await saveContent(tx, domain.id, units)) as unknown as SavedUnits;
  const old = saved.filter((one) => one.existed).map((one) => one.id);
  if (old.length > 0) await touchContent(tx, old);
  return saved;
}

/** Saved and added in one transaction, so that nothing can remove the unit in between. */
async function addToRepository(
  context: TaskContext,
  engine: VersionEngine,
  units: Units,
  args: ContentArgs,
): Promise<SavedUnits> {
  const { domain } = context;
  const repository = await findRepository(context.db, domain.id, args.repository!);
  if (!repository) throw ValidationError.field('repository', 'Invalid hyperlink - Object does not exist.');
  let saved: SavedUnits | undefined;
  await withNewVersion(context, engine, repository, async (version) => {
    saved = await context.write(async (tx) => {
      const all = await saveAll(tx, domain, units);
      const ids = [...new Set(all.map((one) => one.id))];
      const { contentTypes } = engine.types.repositoryType(repository.pulpType);
      if (args.overwrite === false) await checkOverwrite(tx, contentTypes, repository.id, ids);
      await version.addIn(tx, all);
      return all;
    });
  });
  return saved!;
}

/** The chunks have become an artifact. */
export async function dropUpload(services: Services, domain: Domain, upload: string): Promise<void> {
  await deleteUpload(services.db, upload);
  await services.storage(domain).uploads.remove(upload);
}
