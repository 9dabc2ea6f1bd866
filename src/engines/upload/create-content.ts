/** Makes one unit of content from bytes, in a task or in a request; a unit that exists already is found and completed. */
import { withNamed } from '../../model/content/named-units.ts';
import type { SavedUnit, Unit } from '../../model/content/unit.ts';
import { deleteUpload } from '../../model/upload.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';
import { type ContentScope, requestScope } from '../repository/content-tools.ts';
import { requireRepository } from '../repository/require-repository.ts';
import { saveUnits } from '../repository/save-units.ts';
import { checkOverwrite } from '../repository/versions/check-overwrite.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { withNewVersion } from '../repository/versions/with-new-version.ts';
import type { ContentArgs, ContentNow } from './content-request.ts';
import { obtainBytes } from './obtain-bytes.ts';
import { readUnit } from './read-unit.ts';

/** The task: answers the unit as the API shows it. The new version, if any, is noted before the unit. */
export async function createContent(context: TaskContext, engine: VersionEngine, args: ContentArgs): Promise<unknown> {
  const type = engine.types.contentType(args.contentType);
  const repository = args.repository ? await requireRepository(context, args.repository) : null;
  const now = { ...args, userId: context.task.userId };
  const units = await prepareUnits(context, engine.types, type, now, repository, context.signal);
  const [unit, ...companions] = repository
    ? await addToRepository(context, engine, units, repository, args.overwrite)
    : await context.write((tx) => saveUnits(tx, context.domain.id, units));
  if (args.upload) await dropUpload(context, context.domain, args.upload);
  context.created(type.prn(unit!.pulpId));
  for (const one of companions) context.created(labelled(engine.types, one));
  return await context.present(context.domain, type.label, unit!.pulpId);
}

interface CreatedContent {
  readonly pulpId: string;
  /** It was there before. */
  readonly existed: boolean;
}

/** Makes a unit of what was sent within the request itself, without adding it to a repository. */
export async function createContentNow(
  services: Services,
  engine: Pick<VersionEngine, 'types'>,
  domain: Domain,
  args: ContentNow,
): Promise<CreatedContent> {
  const type = engine.types.contentType(args.contentType);
  const units = await prepareUnits(requestScope(services, domain), engine.types, type, args, null);
  const [unit] = await services.db.transaction((tx) => saveUnits(tx, domain.id, units));
  if (args.upload) await dropUpload(services, domain, args.upload);
  return unit!;
}

function labelled(types: VersionEngine['types'], unit: SavedUnit): string {
  return types.contentType(unit.type.pulpType).prn(unit.pulpId);
}

/** The unit, and after it those that came with it. */
async function prepareUnits(
  context: ContentScope,
  types: VersionEngine['types'],
  type: ContentType,
  args: ContentNow,
  repository: Repository | null,
  signal?: AbortSignal,
): Promise<Unit[]> {
  const bytes = await obtainBytes(context, context.domain, args, signal);
  return await readUnit(context, type, types.uploadReader(type.pulpType), { ...args, repository }, bytes);
}

/** Saved and added in one transaction, so that nothing can remove the unit in between. */
async function addToRepository(
  context: TaskContext,
  engine: VersionEngine,
  units: readonly Unit[],
  repository: Repository,
  overwrite: boolean | undefined,
): Promise<readonly SavedUnit[]> {
  let saved: readonly SavedUnit[] = [];
  await withNewVersion(context, engine, repository, async (version) => {
    saved = await context.write(async (tx) => {
      const given = await saveUnits(tx, context.domain.id, units);
      const all = withNamed(given);
      const ids = [...new Set(all.map((one) => one.id))];
      const { contentTypes } = engine.types.repositoryType(repository.pulpType);
      if (overwrite === false) await checkOverwrite(tx, contentTypes, repository.id, ids);
      await version.addIn(tx, all);
      return given;
    });
  });
  return saved;
}

/** The chunks have become an artifact. */
export async function dropUpload(services: Services, domain: Domain, upload: string): Promise<void> {
  await deleteUpload(services.db, upload);
  await services.storage(domain).uploads.remove(upload);
}
