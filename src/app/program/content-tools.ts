/** What the engines offer to tasks of package types: saving units, making versions, finding repositories and remotes. */

import { requireRepository } from '../../engines/repository/require-repository.ts';
import { saveReceived } from '../../engines/repository/save-received.ts';
import { prepareUnits, savedContent, saveUnits } from '../../engines/repository/save-units.ts';
import type { VersionEngine } from '../../engines/repository/versions/version-context.ts';
import { withNewVersion } from '../../engines/repository/versions/with-new-version.ts';
import { withLocalFile } from '../../engines/upload/read-unit.ts';
import { putArtifact } from '../../model/content/content-artifact.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import type { ContentTools } from '../../plugin-api/contracts/content-tools.ts';
import type { DeclaredContent, SavedContent } from '../../plugin-api/contracts/declared-content.ts';
import type { TaskContext } from '../../plugin-api/contracts/task.ts';

export function contentTools(engine: VersionEngine): ContentTools {
  return {
    save,
    saveArtifacts: async (context, temps) => (await saveReceived(context, context.domain, temps)).map(({ id }) => id),
    putArtifact,
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
  const prepared = await prepareUnits(context, context.domain, declared);
  return savedContent(prepared, await context.write((tx) => saveUnits(tx, context.domain.id, prepared.units)));
}
