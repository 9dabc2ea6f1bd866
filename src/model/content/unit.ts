/** Units of content on their way into the database. */
import type { UnitWithArtifacts } from './content-artifact.ts';
import type { ContentTable } from './natural-key.ts';

/** A unit on its way into the database. `key` is its natural key in hex; `id` and the rest are set once it is found or made. */
export interface Unit extends UnitWithArtifacts {
  readonly type: ContentTable;
  readonly key: string;
  /** In columns that name units these units. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
  pulpId?: string;
  /** It was there before. */
  existed?: boolean;
  /** Named by its id: it is in the database, and cannot be made again. */
  readonly fixed?: boolean;
}

export type SavedUnit = Unit & { id: number; pulpId: string; existed: boolean };
