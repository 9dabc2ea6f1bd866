/** The task that makes a repository equal to a version in an archive. */
import { IdList } from '../../lib/text/id-list.ts';
import { readJsonArray } from '../../lib/text/json-array.ts';
import { findArtifacts } from '../../model/content/artifact.ts';
import { findContent, saveContent } from '../../model/content/content.ts';
import { namesOf } from '../../model/content/natural-key.ts';
import type { Unit } from '../../model/content/unit.ts';
import { openContentIds } from '../../model/repositories/membership.ts';
import { findRepository } from '../../model/repositories/repository.ts';
import { addGroupProgress } from '../../model/tasks/task-group.ts';
import type { DeclaredContent } from '../../plugin-api/contracts/declared-content.ts';
import type { TaskContext, TaskFunction } from '../../plugin-api/contracts/task.ts';
import { type ExportResource, fromRecord } from '../../plugin-api/declare/export-resource.ts';
import type { Values } from '../../plugin-api/declare/field.ts';
import { unitOf } from '../repository/unit-of.ts';
import type { VersionEngine } from '../repository/versions/version-context.ts';
import { type NewVersion, withNewVersion } from '../repository/versions/with-new-version.ts';
import { Archive } from './archive.ts';
import { CONTENT_ARTIFACTS } from './core-records.ts';
import type { ExportTypes } from './export-types.ts';

export interface ImportVersionArgs {
  readonly importer: string;
  readonly source: string;
  /** Of the version in the archive. */
  readonly folder: string;
  /** Id of the repository here. */
  readonly repository: string;
  /** Files of the archive, in order. */
  readonly pieces: readonly string[];
}

export const IMPORT_VERSION = 'pulpcore.app.tasks.importer.import_repository_version';
const REPOSITORY_PROGRESS = 'import.repo.versions';
const BATCH = 1000;

export function importVersionTask(engine: VersionEngine, types: ExportTypes): TaskFunction {
  return {
    name: IMPORT_VERSION,
    async run(context, args: ImportVersionArgs) {
      const repository = await findRepository(context.db, context.domain.id, args.repository);
      if (!repository) throw new Error(`The repository for ${args.source} is gone.`);
      const archive = await Archive.open(args.pieces);
      try {
        const resources = types.resourcesOf(repository.pulpType).filter((one) => one.content);
        const report = context.progress({
          message: `Importing content for ${repository.name}`,
          code: 'import.repo.version.content',
          total: 0,
        });
        await withNewVersion(context, engine, repository, async (version) => {
          const artifacts = await readArtifacts(archive, args.folder);
          const seen = new IdList();
          const known: KnownUnits | undefined = resources.some(({ content }) => namesOf(content!).size > 0)
            ? new Map()
            : undefined;
          for (const resource of resources) {
            for await (const batch of unitsOf(archive, args.folder, resource)) {
              report.total = (report.total ?? 0) + batch.length;
              await saveUnits(context, version, batch, artifacts, seen, known);
              report.add(batch.length);
            }
          }
          await removeOthers(context, version, seen);
        });
        report.finish();
      } finally {
        await archive.close();
      }
      const group = context.task.taskGroup;
      if (group) await addGroupProgress(context.db, group, REPOSITORY_PROGRESS);
      return null;
    },
  };
}

interface FoundArtifact {
  readonly sha256: string;
  readonly relativePath: string;
}

/** Paths and digests of the bytes of each unit, by its id in the archive. */
async function readArtifacts(archive: Archive, folder: string): Promise<Map<string, FoundArtifact[]>> {
  const found = new Map<string, FoundArtifact[]>();
  for await (const record of readJsonArray(archive.stream(`${folder}/${CONTENT_ARTIFACTS}.json`))) {
    const one = { sha256: String(record.artifact), relativePath: String(record.relative_path) };
    const unit = String(record.content);
    const same = found.get(unit);
    if (same) same.push(one);
    else found.set(unit, [one]);
  }
  return found;
}

interface FoundUnit {
  readonly upstreamId: string;
  readonly unit: DeclaredContent;
}

async function* unitsOf(archive: Archive, folder: string, resource: ExportResource): AsyncGenerator<FoundUnit[]> {
  const name = `${folder}/${resource.name}.json`;
  if (!archive.has(name)) return;
  let batch: FoundUnit[] = [];
  for await (const record of readJsonArray(archive.stream(name))) {
    const values = fromRecord(resource.fields, record);
    batch.push({ upstreamId: String(record.upstream_id), unit: { type: resource.content!, values, artifacts: [] } });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function saveUnits(
  context: TaskContext,
  version: NewVersion,
  batch: readonly FoundUnit[],
  artifacts: ReadonlyMap<string, readonly FoundArtifact[]>,
  seen: IdList,
  known: KnownUnits | undefined,
): Promise<void> {
  const { db, domain } = context;
  const of = ({ upstreamId }: FoundUnit) => artifacts.get(upstreamId) ?? [];
  const wanted = [...new Set(batch.flatMap(of).map(({ sha256 }) => sha256))];
  const ids = await findArtifacts(db, domain.id, wanted);
  const lacking = wanted.find((sha256) => !ids.has(sha256));
  if (lacking) throw new Error(`The archive has a unit with the artifact ${lacking}, which it does not bring.`);
  const units = batch.map((one) =>
    unitOf({
      ...one.unit,
      values: known ? withNamedUnits(one.unit, known) : one.unit.values,
      artifacts: of(one).map(({ sha256, relativePath }) => ({ relativePath, artifactId: ids.get(sha256)!.id })),
    }),
  );
  await context.write(async (tx) => {
    await findContent(tx, domain.id, units);
    const saved = await saveContent(tx, domain.id, units);
    await version.addIn(tx, saved);
    for (const { id } of saved) seen.add(id);
  });
  if (known)
    for (const [at, { upstreamId }] of batch.entries())
      known.set(upstreamId, { ...units[at]!, existed: true, fixed: true });
}

/** Units that were imported, by their ids in the archive, for those that name them: records come after those of what they name. */
type KnownUnits = Map<string, Unit>;

/** Records name units by their ids in the archive. */
function withNamedUnits({ type, values }: DeclaredContent, known: KnownUnits): Values {
  const turned: Record<string, unknown> = { ...values };
  for (const [name, by] of namesOf(type)) {
    if (typeof by === 'object') continue;
    const turn = (id: unknown): Unit => {
      const unit = known.get(String(id));
      if (!unit)
        throw new Error(`The archive has a unit of type ${type.pulpType} that names ${id}, which it does not bring.`);
      return unit;
    };
    const value = values[name];
    if (value !== null && value !== undefined) turned[name] = Array.isArray(value) ? value.map(turn) : turn(value);
  }
  return turned;
}

/** The repository has what the archive has and nothing else. */
async function removeOthers(context: TaskContext, version: NewVersion, seen: IdList): Promise<void> {
  for await (const ids of openContentIds(context.db, version.repositoryId)) {
    const gone = ids.filter((id) => !seen.has(id));
    if (gone.length > 0) await version.remove(gone);
  }
}
