/** What goes with a domain when it is deleted: units that are in no repository, their artifacts, and the files. */
import { peerChoice } from '../../../config/chosen-storage.ts';
import type { Transaction } from '../../../db/database.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { forEachConcurrent } from '../../../lib/flow/map-concurrent.ts';
import { deleteArtifactsOf } from '../../../model/content/artifact.ts';
import { mayRemoveFiles } from '../../../model/content/file-removal.ts';
import type { ContentTable } from '../../../model/content/natural-key.ts';
import { findOrphans, type OrphanScope, removeOrphans } from '../../../model/content/orphans.ts';
import type { Services } from '../../../plugin-api/contracts/context.ts';
import type { Row } from '../../../plugin-api/declare/field.ts';
import { openDriver } from '../../../storage/drivers/open-driver.ts';

const BATCH = 5000;
const REMOVALS_AT_ONCE = 8;

/** Nothing of the domain is in a repository or published any more. */
export async function deleteDomainContent(
  tx: Transaction,
  domainId: number,
  types: readonly ContentTable[],
): Promise<void> {
  if (!(await mayRemoveFiles(tx))) {
    throw new ValidationError([
      'Files cannot be removed while a backup is made or maintenance is on. Delete the domain again afterwards.',
    ]);
  }
  const scope: OrphanScope = { domainId, before: 'infinity', contentPulpIds: null, naming: [] };
  for (let before = Number.MAX_SAFE_INTEGER; ; ) {
    const ids = await findOrphans(tx, scope, before, BATCH);
    if (ids.length === 0) break;
    before = ids.at(-1)!;
    await removeOrphans(tx, scope, ids, types);
  }
  await deleteArtifactsOf(tx, domainId);
}

/** Runs after the commit: files without rows can be removed again, rows without files would be a loss. */
export async function removeDomainFiles(row: Row, { settings, secrets, logger }: Services): Promise<void> {
  try {
    const sealed = row.storage_secrets;
    const hidden = typeof sealed === 'string' ? (JSON.parse(secrets.decrypt(sealed)) as object) : {};
    const options = { ...(row.storage_settings as object), ...hidden };
    const driver = await openDriver(peerChoice(String(row.storage_class), options, settings));
    const keys: string[] = [];
    for await (const { key } of driver.list(`artifact/${row.pulp_id}/`)) keys.push(key);
    await forEachConcurrent(keys, REMOVALS_AT_ONCE, (key) => driver.remove(key));
    await driver.removeEmptyDirectories?.('artifact/', Date.now());
  } catch (error) {
    logger.warn(
      { err: error, domain: row.name },
      'Files of a deleted domain were left in its storage; they can be removed by hand.',
    );
  }
}
