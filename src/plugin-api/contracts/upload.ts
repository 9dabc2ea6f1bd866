/** Uploads: how a type makes a unit of bytes that were sent to it. */
import type { Digests } from '../../lib/crypto/digest.ts';
import type { ContentType } from '../declare/content.ts';
import type { Values } from '../declare/field.ts';
import type { ContentTools } from './content-tools.ts';
import type { Domain, Services } from './context.ts';
import type { DeclaredContent } from './declared-content.ts';
import type { Repository } from './version.ts';

/** What a reader of uploads is given. */
export interface UploadInput {
  readonly type: ContentType;
  /** Validated fields of the request. */
  readonly values: Values;
  /** Name the client gave the file, if any. */
  readonly filename: string | null;
  readonly size: number;
  readonly digests: Digests;
  /** A local file that holds the bytes, valid during the call. */
  readonly file: string;
  /** Receives further bytes, for artifacts of the unit as their `temp`, and looks up what an upload depends on. */
  readonly content: ContentTools;
  readonly services: Services;
  readonly domain: Domain;
  /** The repository that the unit is added to; null where none was named. */
  readonly repository: Repository | null;
  /** Id of who has sent it, null where nobody has logged in. */
  readonly userId: number | null;
}

/** Reads uploads of one type of content; a content type that is declared with `upload` needs one. */
export interface UploadReader {
  readonly content: ContentType;
  /**
   * The unit that the uploaded bytes are: the values of its columns and the paths of its artifacts; those without bytes of their own
   * get the uploaded ones. Throws ValidationError for bytes that are no such unit.
   */
  read(input: UploadInput): Promise<DeclaredContent>;
}
