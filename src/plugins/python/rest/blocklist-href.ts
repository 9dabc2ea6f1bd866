/** Where the blocklist entries of a repository are. */
import type { Presenter } from '../../../plugin-api/index.ts';

/** `repositoryId` on the wire. */
export const entriesHref = (repositoryId: unknown, { apiPrefix }: Presenter) =>
  `${apiPrefix}repositories/python/python/${repositoryId}/blocklist_entries/`;
