/** Keeps what a client fetched through a distribution's remote, and adds it to the distribution's repository. */
import type { KeepPulled } from '../../content-app/upstream/pull-through.ts';
import { sql } from '../../db/sql.ts';
import { saveReceived } from '../../engines/repository/save-received.ts';
import { unitOf } from '../../engines/repository/unit-of.ts';
import { newCorrelationId } from '../../lib/process/correlation.ts';
import { findContent, saveContent } from '../../model/content/content.ts';
import { repositoryOf } from '../../model/repositories/repository.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { DeclaredArtifact, DeclaredContent } from '../../plugin-api/contracts/declared-content.ts';
import type { ServedDistribution } from '../../plugin-api/contracts/serve.ts';
import type { Row } from '../../plugin-api/declare/field.ts';
import { dispatch, type TaskRunner } from '../../tasking/queue/dispatch.ts';
import type { Program } from './program.ts';

/** With a runner a unit is added at once where nothing blocks the repository; content processes without one leave it to workers. */
export function keepPulled(program: Program, services: Services, runner: () => TaskRunner | undefined): KeepPulled {
  const addTo = async ({ domain, row }: ServedDistribution, pulpId: string) => {
    if (!row.repository_id) return;
    const target = await findTarget(program, services, domain, String(row.repository_id), pulpId);
    if (!target || target.hasUnit) return;
    const { repository, publishes } = target;
    await dispatch(
      services,
      {
        name: 'pulpcore.app.tasks.repository.add_and_remove',
        args: { repository: repository.pulpId, add_content_units: [pulpId], remove_content_units: [] },
        exclusive: [services.models.prnOfType('repository', repository.pulpType, repository.pulpId)],
        // A publication is made of all units of a version: nothing for a process that answers requests.
        immediate: !publishes,
        domain,
        userId: null,
      },
      { loggingCid: newCorrelationId(), runner: runner() },
    );
  };
  return {
    async save({ distribution, remote, content }) {
      await addTo(distribution, await saveUnit(services, distribution.domain, content, String(remote.pulp_id)));
    },
    async add(distribution, contentArtifactId) {
      const unit = await services.db.row<{ pulp_id: string }>(
        sql`select c.pulp_id from content c join content_artifact ca on ca.content_id = c.id where ca.id = ${contentArtifactId}`,
      );
      if (unit) await addTo(distribution, unit.pulp_id);
    },
  };
}

async function findTarget(
  { types }: Program,
  { db }: Services,
  domain: Domain,
  repositoryId: string,
  contentId: string,
) {
  const row = await db.row<Row & { _has_unit: boolean }>(
    sql`select r.*, exists (select 1 from repository_content rc join content c on c.id = rc.content_id
          where c.pulp_id = ${contentId} and rc.repository_id = r.id and rc.version_removed is null) as _has_unit
      from repository r where r.pulp_id = ${repositoryId} and r.domain_id = ${domain.id}`,
  );
  if (!row) return undefined;
  const repository = repositoryOf(row);
  return {
    repository,
    publishes: types.repositoryType(repository.pulpType).autopublish?.(repository) !== undefined,
    hasUnit: row._has_unit,
  };
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
  const source = ({ url, size, digests, headers }: DeclaredArtifact) =>
    url ? { remoteId, url, size: size ?? null, digests: digests ?? {}, headers } : undefined;
  const unit = unitOf({ ...content, artifacts }, { source });
  const [made] = await services.db.transaction(async (tx) => {
    await findContent(tx, domain.id, [unit]);
    return await saveContent(tx, domain.id, [unit]);
  });
  return made!.pulpId;
}
