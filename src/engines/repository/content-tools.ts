/** What package types are handed to receive bytes and to save units, wherever they are asked: tasks, hooks, uploads, live protocols. */
import type { Transaction } from '../../db/database.ts';
import { putArtifact } from '../../model/content/content-artifact.ts';
import { findRemote } from '../../model/repositories/remote.ts';
import { latestVersion } from '../../model/repositories/repository-version.ts';
import type { ContentTools } from '../../plugin-api/contracts/content-tools.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import { withLocalFile } from './local-file.ts';
import { requireRepository } from './require-repository.ts';
import { saveReceived } from './save-received.ts';
import { prepareUnits, savedContent, saveUnits } from './save-units.ts';
import type { TempPool } from './temp-pool.ts';

/** Where tools work: a task, the transaction of a hook, or a request. */
export interface ContentScope extends Services {
  readonly domain: Domain;
  readonly signal?: AbortSignal;
  /** A transaction that may write: in tasks one that holds the lease. */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** In requests nothing but the transaction itself says what may be written. */
export function requestScope(services: Services, domain: Domain, signal?: AbortSignal): ContentScope {
  return { ...services, domain, ...(signal && { signal }), write: (work) => services.db.transaction(work) };
}

/** `temps` has what was received and not saved; whoever gives it discards that at the end. */
export function contentTools(scope: ContentScope, temps: TempPool): ContentTools {
  const { domain } = scope;
  return {
    receive: async (source, expected) => {
      const digests = scope.settings.allowedContentChecksums;
      const { signal } = scope;
      return temps.add(await scope.storage(domain).receive(source, { digests, expected, signal }));
    },
    saveArtifacts: async (received) => {
      const saved = await saveReceived(scope, domain, received);
      temps.forget(received);
      return saved.map(({ id }) => id);
    },
    save: async (units) => {
      const prepared = await prepareUnits(scope, domain, units);
      temps.forget(prepared.kept);
      return savedContent(prepared, await scope.write((tx) => saveUnits(tx, domain.id, prepared.units)));
    },
    putArtifact: (contentId, relativePath, artifactId) =>
      scope.write((tx) => putArtifact(tx, contentId, relativePath, artifactId)),
    withFile: (sha256, work) => withLocalFile(scope, domain, sha256, work),
    repository: async (pulpId) => {
      const repository = await requireRepository(scope, pulpId);
      return { repository, latest: await latestVersion(scope.db, repository.id) };
    },
    remote: (pulpId) => findRemote(scope.db, scope.secrets, domain.id, pulpId),
  };
}
