/** Syncs a file repository from the manifest at the URL of its remote. */
import { createReadStream } from 'node:fs';
import { fileNameOf } from '../../lib/http/relative-path.ts';
import type {
  DeclaredContent,
  OpenedSync,
  PublishContext,
  SyncContext,
  TempArtifact,
  Values,
} from '../../plugin-api/index.ts';
import { fileContent } from './content.ts';
import { type ManifestEntry, parseManifest } from './formats/manifest.ts';

/** What the repository remembers of its last sync; names are those of the wire. */
interface SyncDetails {
  readonly remote_pk: string;
  readonly url: string;
  readonly download_policy: string;
  readonly mirror: boolean;
  readonly most_recent_version: number;
  readonly manifest_checksum: string;
}

export async function openManifest(context: SyncContext): Promise<OpenedSync | 'unchanged'> {
  const manifest = await fetchManifest(context);
  const mirror = context.options.mirror === true;
  const now = (version: number): SyncDetails & Values => ({
    remote_pk: context.remote.pulpId,
    url: context.remote.settings.url,
    download_policy: context.remote.policy,
    mirror,
    most_recent_version: version,
    manifest_checksum: manifest.digests.sha256,
  });
  const optimize = context.options.optimize !== false;
  const unchanged = (optimize || mirror) && (await isUnchanged(context, now(context.latest.number)));
  if (unchanged && optimize) return 'unchanged';
  // Made again where nothing has changed, publications would become more with every sync.
  const publishes = mirror && !(unchanged && (await context.isPublished()));
  const name = manifestName(context.remote.settings.url);
  return {
    units: declareEntries(context, manifest),
    end: () => ({
      details: now,
      ...(publishes && { publish: (publish: PublishContext) => publishMirror(publish, name, manifest) }),
    }),
  };
}

/** As it stands in the URL, as Pulp names it; a directory has none. */
function manifestName(url: string): string {
  return fileNameOf(new URL(url).pathname) || 'PULP_MANIFEST';
}

async function fetchManifest(context: SyncContext): Promise<TempArtifact> {
  const report = context.progress({ message: 'Downloading Metadata', code: 'sync.downloading.metadata' });
  const manifest = await context.fetch(context.remote.settings.url);
  report.add(1);
  report.finish();
  return manifest;
}

/** Whether a sync would end where the last one did. */
async function isUnchanged(context: SyncContext, now: SyncDetails): Promise<boolean> {
  const last = context.repository.details.last_sync_details as Partial<SyncDetails> | undefined;
  if (!last || last.most_recent_version === undefined) return false;
  if (now.download_policy === 'immediate' && last.download_policy !== 'immediate') return false;
  if (now.mirror && !last.mirror) return false;
  const same = (['remote_pk', 'url', 'most_recent_version', 'manifest_checksum'] as const).every(
    (name) => last[name] === now[name],
  );
  return same && !(now.download_policy === 'immediate' && (await context.hasMissingArtifacts()));
}

async function* declareEntries(context: SyncContext, manifest: TempArtifact): AsyncGenerator<DeclaredContent[]> {
  const report = context.progress({ message: 'Parsing Metadata Lines', code: 'sync.parsing.metadata', total: 0 });
  const urlOf = fileUrls(context.remote.settings.url);
  try {
    for await (const entries of parseManifest(createReadStream(manifest.path))) {
      report.total = (report.total ?? 0) + entries.length;
      report.add(entries.length);
      yield entries.map((entry) => declare(entry, urlOf(entry.relativePath), context.deferred));
    }
  } catch (error) {
    report.finish('failed');
    throw error;
  }
  report.finish();
}

function declare({ relativePath, sha256, size }: ManifestEntry, url: string, deferred: boolean): DeclaredContent {
  return {
    type: fileContent,
    values: { relative_path: relativePath, digest: sha256 },
    artifacts: [{ relativePath, url, size, digests: { sha256 }, deferred }],
  };
}

const PLAIN = /^[A-Za-z0-9_.~/:-]*$/;

/** URLs of files beside the manifest; its query stays, for servers that want a token there. */
export function fileUrls(manifestUrl: string): (relativePath: string) => string {
  const url = new URL(manifestUrl);
  const directory = url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1);
  const start = `${url.protocol}//${url.host}${directory}`;
  return (path) => `${start}${PLAIN.test(path) ? path : encode(path)}${url.search}`;
}

function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/').replaceAll('%3A', ':');
}

/** The upstream manifest as it is, under its own name. */
async function publishMirror(publish: PublishContext, name: string, manifest: TempArtifact): Promise<void> {
  publish.passThrough();
  publish.set('manifest', name);
  await publish.addFile(name, manifest);
}
