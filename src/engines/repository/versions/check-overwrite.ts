/** Refuses to replace units of a repository where the request said `overwrite: false`. */

import type { Queryable } from '../../../db/database.ts';
import { PulpError } from '../../../lib/errors.ts';
import type { ContentType } from '../../../plugin-api/declare/content.ts';
import { overwritten } from './replace-duplicates.ts';

/** A unit that the version has already is no conflict. */
export async function checkOverwrite(
  db: Queryable,
  types: readonly ContentType[],
  repositoryId: number,
  contentIds: readonly number[],
): Promise<void> {
  for (const type of types) {
    const pairs = await overwritten(db, type, repositoryId, contentIds);
    if (pairs.length === 0) continue;
    const named = pairs.map(({ incoming, existing }) => `${incoming}->${existing}`).join(', ');
    throw new PulpError(
      'PLP0023',
      `Content overwrite rejected: new content of type '${type.pulpType}' would overwrite ${pairs.length} existing content ` +
        `unit(s) in the repository with the same unique key. Conflicting content (incoming->existing): [${named}]`,
    );
  }
}
