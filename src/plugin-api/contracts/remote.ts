/** Remotes as syncs and content processes see them: where upstream is and how it is reached. */
import type { RemoteSettings } from '../../download/remote-settings.ts';
import type { Digests } from '../../lib/crypto/digest.ts';
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
}
