/** What the engines offer to tasks of package types: saving units, making versions, finding repositories and remotes. */

import { saveReceived } from '../../engines/repository/save-received.ts';
import { unitOf } from '../../engines/repository/unit-of.ts';
import { requireRepository } from '../../engines/repository/versions/modify-task.ts';
import type { VersionEngine } from '../../engines/repository/versions/version-context.ts';
import { withNewVersion } from '../../engines/repository/versions/with-new-version.ts';
import { withLocalFile } from '../../engines/upload/read-unit.ts';
import { findContent, saveContent } from '../../model/content/content.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import type { ContentTools } from '../../plugin-api/contracts/content-tools.ts';
import type { DeclaredContent, SavedContent } from '../../plugin-api/contracts/declared-content.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';

export function contentTools(engine: VersionEngine): ContentTools {
  return {
    save,
    saveArtifacts: async (context, temps) => (await saveReceived(context, context.domain, temps)).map(({ id }) => id),
    withFile: withLocalFile,
    newVersion: (context, repository, work) => withNewVersion(context, engine, repository, work),
    repository: async (context, pulpId) => {
      const repository = await requireRepository(context, pulpId);
      return { repository, latest: await latestVersion(context.db, repository.id) };
    },
    remote: (services, domain, pulpId) => findRemote(services.db, services.secrets, domain.id, pulpId),
  };
}

async function save(context: TaskContext, declared: readonly DeclaredContent[]): Promise<SavedContent[]> {
  const withBytes: DeclaredContent[] = [];
  for (const unit of declared) withBytes.push(await saveTemps(context, unit));
  const units = withBytes.map((unit) => unitOf(unit));
  const saved = await context.write(async (tx) => {
    await findContent(tx, context.domain.id, units);
    return await saveContent(tx, context.domain.id, units);
  });
  return saved.map(({ id, pulpId, existed }, at) => {
    const { type, values } = declared[at]!;
    return { id, pulpId, existed, type, values };
  });
}

/** Bytes received for a unit become artifacts. */
async function saveTemps(context: TaskContext, unit: DeclaredContent): Promise<DeclaredContent> {
  const temps = unit.artifacts.map(({ temp }) => temp).filter((temp) => temp !== undefined);
  if (temps.length === 0) return unit;
  const saved = await saveReceived(context, context.domain, temps);
  const artifacts = unit.artifacts.map((artifact) => {
    const at = artifact.temp ? temps.indexOf(artifact.temp) : -1;
    return at < 0 ? artifact : { ...artifact, artifactId: saved[at]!.id };
  });
  return { ...unit, artifacts };
}
