/** Files kept outside the repository by Git LFS: their pointers, and where the bytes are (Git LFS batch API). */
import type { Downloader } from '../../../plugin-api/index.ts';

/** Pointers are smaller than this. */
export const POINTER_BYTES = 1024;

export interface Pointer {
  readonly sha256: string;
  readonly size: number;
}

const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/;

/** What a file points at, or undefined when it is one itself. */
export function readPointer(bytes: Buffer): Pointer | undefined {
  const found = bytes.length < POINTER_BYTES ? POINTER.exec(bytes.toString('latin1')) : null;
  return found ? { sha256: found[1]!, size: Number(found[2]) } : undefined;
}

export interface LfsSource {
  readonly href: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `<url>.git/info/lfs/objects/batch` */
function batchUrl(url: string): string {
  const start = url.replace(/\/+$/, '');
  return `${start.endsWith('.git') ? start : `${start}.git`}/info/lfs/objects/batch`;
}

interface BatchObject {
  readonly oid?: string;
  readonly actions?: { readonly download?: { readonly href?: string; readonly header?: Record<string, string> } };
  readonly error?: { readonly code?: number; readonly message?: string };
}

const MEDIA = 'application/vnd.git-lfs+json';

/** Asks where the objects are; answers sources by sha256, or the reason why there is none. */
export async function locate(
  downloader: Downloader,
  url: string,
  pointers: readonly Pointer[],
  signal: AbortSignal,
): Promise<Map<string, LfsSource | Error>> {
  const objects = pointers.map(({ sha256, size }) => ({ oid: sha256, size }));
  const response = await downloader.fetch(batchUrl(url), {
    method: 'POST',
    headers: { 'content-type': MEDIA, accept: MEDIA },
    body: JSON.stringify({ operation: 'download', transfers: ['basic'], objects }),
    signal,
  });
  try {
    if (response.status !== 200) throw new Error(`the LFS server answers ${response.status} ${response.reason}`.trim());
    const told = JSON.parse(await response.text()) as { objects?: readonly BatchObject[] };
    return new Map((told.objects ?? []).map((one) => [String(one.oid), sourceOf(one, url)]));
  } finally {
    response.cancel();
  }
}

function sourceOf({ actions, error }: BatchObject, url: string): LfsSource | Error {
  if (error) return new Error(`the LFS server says: ${error.message ?? error.code}`);
  const { href, header = {} } = actions?.download ?? {};
  const place = typeof href === 'string' ? URL.parse(href, batchUrl(url)) : null;
  if (!place) return new Error('the LFS server does not tell where it is');
  return { href: place.href, headers: header };
}
