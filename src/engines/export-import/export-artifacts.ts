/** Writes the bytes of versions into an archive, each artifact once, and the records of all of them. */
import { sql } from '../../db/sql.ts';
import { IdList } from '../../lib/text/id-list.ts';
import type { VersionPlace } from '../../model/repositories/membership.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';
import { toRecord } from '../../plugin-api/declare/export-resource.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import { ANY_DOMAIN, ARTIFACTS, artifactColumns, artifactFields, artifactName } from './core-records.ts';
import type { TarWriter } from './tar-writer.ts';
import { contentIds, notIn } from './version-content.ts';

interface ArtifactRow extends Row {
  readonly id: number;
  readonly size: number;
  readonly sha256: string;
}

/** What is to be exported: the artifacts of some versions without those of others. */
export interface ArtifactChoice {
  readonly versions: readonly VersionPlace[];
  readonly without: readonly VersionPlace[];
}

/** Answers number and bytes. */
export async function exportArtifacts(context: TaskContext, tar: TarWriter, choice: ArtifactChoice): Promise<void> {
  const { count } = await measureArtifacts(context, choice);
  const report = context.progress({ message: 'Exporting Artifacts', code: 'export.artifacts', total: count });
  const store = context.storage(context.domain);
  for await (const batch of artifacts(context, choice)) {
    for (const { sha256, size } of batch) {
      const { stream } = await store.driver.open(store.keyOf(sha256));
      await tar.addStream(artifactName(sha256, hasFolder(context) ? ANY_DOMAIN : undefined), size, stream);
      report.add(1);
    }
  }
  report.finish();
  await tar.addRecords(`${ARTIFACTS}.json`, records(context, choice));
}

/** The artifacts of the default domain are in no folder of their own, as in Pulp. */
const hasFolder = ({ settings, domain }: TaskContext) => settings.domainEnabled && domain.name !== 'default';

export async function measureArtifacts(
  context: TaskContext,
  choice: ArtifactChoice,
): Promise<{ count: number; bytes: number }> {
  let count = 0;
  let bytes = 0;
  for await (const batch of artifacts(context, choice)) {
    count += batch.length;
    bytes += batch.reduce((sum, { size }) => sum + size, 0);
  }
  return { count, bytes };
}

async function* records(context: TaskContext, choice: ArtifactChoice): AsyncGenerator<object[]> {
  for await (const batch of artifacts(context, choice)) {
    yield batch.map((row) => ({
      file: artifactName(row.sha256, hasFolder(context) ? context.domain.pulpId : undefined),
      ...toRecord(artifactFields, row),
      pulp_domain: context.domain.pulpId,
    }));
  }
}

/** Each artifact once, in batches. */
async function* artifacts(
  { db, signal }: TaskContext,
  { versions, without }: ArtifactChoice,
): AsyncGenerator<ArtifactRow[]> {
  const seen = new IdList();
  for (const version of versions) {
    for await (const ids of contentIds(db, version)) {
      signal.throwIfAborted();
      const rows = await db.rows<ArtifactRow>(sql`
        select ${artifactColumns} from artifact a where a.id in (
          select artifact_id from content_artifact where content_id = any(${ids}::bigint[])) and ${notIn(without)} order by a.id`);
      const fresh = rows.filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      if (fresh.length > 0) yield fresh;
    }
  }
}
