/** Remotes as syncs and content processes see them: where upstream is and how it is reached. */
import type { RemoteSettings } from '../../download/remote-settings.ts';
import type { Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { Values } from '../declare/field.ts';

export type {
  PreparedRequest,
  Refusal,
  RemoteAccess,
  RemoteBehaviour,
  RemoteRequest,
} from '../../download/downloader.ts';

/** Row of a remote with its secrets in clear. */
export interface Remote {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly policy: 'immediate' | 'on_demand' | 'streamed';
  readonly settings: RemoteSettings;
  readonly details: Values;
}

/** A file of upstream, with what is known of it. */
export interface UpstreamFile {
  readonly url: string;
  readonly size?: number | null;
  readonly digests?: Digests;
  /** Of the request for it, such as the media types that are wanted; no credentials. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a file is asked for, and what it has to be. */
export interface Wanted {
  /** Of this request, over those of the remote. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly size?: number | null | undefined;
  readonly digests?: Digests | undefined;
}

/** What an upstream said of a file when it was fetched, to ask for it only if it has changed (RFC 9110 §13.1). */
export interface Validators {
  readonly etag?: string | null | undefined;
  readonly lastModified?: string | null | undefined;
}

/** The head of an answer: `Docker-Content-Digest`, `ETag`, `Link`. */
export interface UpstreamHead {
  readonly status: number;
  /** Where the answer came from in the end, after redirects. */
  readonly url: string;
  /** One value of a header, whatever the case of its name. */
  header(name: string): string | undefined;
}

/** A fetched file, with the answer it came by. */
export interface FetchedFile extends TempArtifact, UpstreamHead {}
