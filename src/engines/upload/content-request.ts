/** A request to make one unit of content from bytes: what the API passes on after its checks (core.md §3.3). */
import type { Values } from '../../plugin-api/declare/field.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';

/** Where the bytes come from: exactly one is given. Ids are those on the wire. */
export interface ByteSource {
  readonly artifact?: string | null;
  readonly upload?: string | null;
  readonly file_url?: string | null;
  /** Fields of a remote for `file_url`. */
  readonly downloader_config?: Values | null;
}

/** Arguments of the task. */
export interface ContentArgs extends ByteSource {
  /** pulp_type of the content. */
  readonly contentType: string;
  readonly values: Values;
  /** Name the client gave the file. */
  readonly filename?: string | null;
  /** A repository to add the unit to. */
  readonly repository?: string | null;
  readonly overwrite?: boolean;
  readonly labels?: Readonly<Record<string, string | null>> | null;
}

/** What `…/upload/` hands over: the bytes may have been received in the request. */
export interface ContentNow extends Omit<ContentArgs, 'repository' | 'overwrite'> {
  readonly received?: TempArtifact;
  /** Who sends it. */
  readonly userId?: number | null;
}
