/** Fetches a URL into a temporary artifact, with the errors of tasks where the bytes are not the expected ones. */
import { DownloadError, type Downloader } from '../../../download/downloader.ts';
import type { DigestName, Digests } from '../../../lib/crypto/digest.ts';
import { PulpError } from '../../../lib/errors.ts';
import type { ArtifactStore, TempArtifact } from '../../../storage/artifact-store.ts';

export interface FetchTarget {
  readonly store: ArtifactStore;
  /** Digests to compute beside those that are expected. */
  readonly digests: readonly DigestName[];
  readonly signal?: AbortSignal | undefined;
}

export interface ExpectedBytes {
  readonly size?: number | null | undefined;
  readonly digests?: Digests | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Answers where the bytes came from in the end, too. */
export async function fetchArtifact(
  downloader: Downloader,
  target: FetchTarget,
  url: string,
  expected: ExpectedBytes = {},
): Promise<TempArtifact & { url: string }> {
  const { store, digests, signal } = target;
  const { size, headers } = expected;
  try {
    return await downloader.download(
      url,
      async (body, response) => {
        const temp = await store.receive(body, { digests, expected: { size, digests: expected.digests }, signal });
        return { ...temp, url: response.url };
      },
      { headers, signal },
    );
  } catch (error) {
    throw codedError(error);
  }
}

/** Wrong bytes have codes of their own. */
function codedError(error: unknown): unknown {
  if (!(error instanceof DownloadError) || error.failure !== 'mismatch') return error;
  const isSize = (error.cause as { what?: string } | undefined)?.what === 'size';
  return new PulpError(isSize ? 'PLP0004' : 'PLP0003', error.message);
}
