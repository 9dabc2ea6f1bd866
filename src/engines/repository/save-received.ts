/** Makes artifacts of received bytes with the digests this server keeps. */
import { type SavedArtifact, saveArtifacts } from '../../model/content/artifact.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';

/** Rows for received bytes, which are in the store afterwards. */
export async function saveReceived(
  services: Services,
  domain: Domain,
  received: readonly TempArtifact[],
): Promise<SavedArtifact[]> {
  const { allowedContentChecksums } = services.settings;
  return await saveArtifacts(services.db, services.storage(domain), domain.id, received, allowedContentChecksums);
}
