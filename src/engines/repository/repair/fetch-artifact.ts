/** Fetches a URL into a temporary artifact, with the errors of tasks where the bytes are not the expected ones. */
import { takingOf } from '../../../download/content-coding.ts';
import { DownloadError, type Downloader } from '../../../download/downloader.ts';
import type { DigestName } from '../../../lib/crypto/digest.ts';
import { PulpError } from '../../../lib/errors.ts';
import type { FetchedFile, Wanted } from '../../../plugin-api/contracts/remote.ts';
import type { ArtifactStore } from '../../../storage/artifact-store.ts';

interface FetchTarget {
  readonly store: ArtifactStore;
  /** Digests to compute beside those that are expected. */
  readonly digests: readonly DigestName[];
  readonly signal?: AbortSignal | undefined;
}

/** Those whose server sends encoded bodies of files that are not: each first try in the wrong way costs a request. */
const DECODING = new WeakSet<Downloader>();

/** Answers also the head of the answer, and where it came from in the end. */
export async function fetchArtifact(
  downloader: Downloader,
  target: FetchTarget,
  url: string,
  expected: Wanted = {},
): Promise<FetchedFile> {
  const { store, digests, signal } = target;
  const { size, headers } = expected;
  let decodes = DECODING.has(downloader);
  try {
    return await downloader.download(
      url,
      async (body, response) => {
        const taking = takingOf({ url, header: (name) => response.header(name) }, { size, digests: expected.digests });
        const decoded = taking === 'decoded' || (taking === 'either' && decodes);
        // A wrong digest is another try of the downloader, in the other way.
        decodes = !decodes;
        const temp = await store.receive(decoded ? response.decoded() : body, {
          digests,
          expected: { size, digests: expected.digests },
          signal,
        });
        if (taking === 'either' && decoded) DECODING.add(downloader);
        return { ...temp, status: response.status, url: response.url, header: (name) => response.header(name) };
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
