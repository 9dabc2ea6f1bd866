/** Saves what a client fetched through a distribution's remote, and adds it to the distribution's repository. */
import type { SavePulled } from '../content-app/pull-through.ts';
import { sql } from '../db/sql.ts';
import { newCorrelationId } from '../lib/correlation.ts';
import { findContent, saveContent } from '../model/content.ts';
import type { DeclaredArtifact, DeclaredContent } from '../plugin-api/content.ts';
import type { Domain, Services } from '../plugin-api/context.ts';
import { saveReceived } from '../repository/save-received.ts';
import { unitOf } from '../repository/unit-of.ts';
import { dispatch } from '../tasking/dispatch.ts';

export function savePulled(services: Services): SavePulled {
  return async ({ distribution, remote, content }) => {
    const { domain, row } = distribution;
    const pulpId = await saveUnit(services, domain, content, String(remote.pulp_id));
    const repository = row.repository_id as string | null;
    if (!repository) return;
    await dispatch(
      services,
      {
        name: 'pulpcore.app.tasks.repository.add_and_remove',
        args: { repository, add_content_units: [pulpId], remove_content_units: [] },
        exclusive: [await repositoryPrn(services, domain, repository)],
        domain,
        userId: null,
      },
      { loggingCid: newCorrelationId(), runner: undefined },
    );
  };
}

async function repositoryPrn({ db, models }: Services, domain: Domain, pulpId: string): Promise<string | undefined> {
  const row = await db.row<{ pulp_type: string }>(
    sql`select pulp_type from repository where pulp_id = ${pulpId} and domain_id = ${domain.id}`,
  );
  return row && models.prnOfType('repository', row.pulp_type, pulpId);
}

/** The unit with its bytes, and where upstream has them. */
async function saveUnit(
  services: Services,
  domain: Domain,
  content: DeclaredContent,
  remoteId: string,
): Promise<string> {
  const temps = content.artifacts.map(({ temp }) => temp).filter((temp) => temp !== undefined);
  const saved = await saveReceived(services, domain, temps);
  const artifacts = content.artifacts.map((artifact): DeclaredArtifact => {
    const at = artifact.temp ? temps.indexOf(artifact.temp) : -1;
    return at < 0 ? artifact : { ...artifact, artifactId: saved[at]!.id };
  });
  const unit = unitOf({ ...content, artifacts }, ({ url, size, digests }) =>
    url ? { remoteId, url, size: size ?? null, digests: digests ?? {} } : undefined,
  );
  const [made] = await services.db.transaction(async (tx) => {
    await findContent(tx, domain.id, [unit]);
    return await saveContent(tx, domain.id, [unit]);
  });
  return made!.pulpId;
}
