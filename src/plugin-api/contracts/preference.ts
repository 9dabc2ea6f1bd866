/** Which of several units with one repository key a version keeps, for types that do not just take the newest. */
import type { ContentType } from '../declare/content.ts';
import type { Values } from '../declare/field.ts';
import type { DeclaredContent } from './declared-content.ts';

/** A unit that has its repository key in common with others of the version. */
export interface KeyedUnit {
  /** Null for one that `choose` has made and that is not saved yet. */
  readonly contentId: number | null;
  /** Columns of the repository key and those asked for. */
  readonly values: Values;
  /** It was not in what the version started from. */
  readonly added: boolean;
}

/** Without one, an added unit replaces the older one, and two added ones with one key are an error. */
export interface Preference {
  readonly content: ContentType;
  /** Columns that are compared, beside those of the repository key. */
  readonly columns: readonly string[];
  /**
   * The unit that stays, or a new one made of both, which comes in their place. Throws to refuse the version. Of several units the added
   * ones come first, in the order of their ids; what was chosen of two is `left` when the next one is compared. Older units are `right`.
   */
  choose(left: KeyedUnit, right: KeyedUnit): KeyedUnit | DeclaredContent;
}
