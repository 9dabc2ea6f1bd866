/** Syncs a Python repository from an index: for each wanted project its document, its simple page, and the units they tell of. */
import { PulpError } from '../../../lib/errors.ts';
import { mapConcurrent } from '../../../lib/flow/map-concurrent.ts';
import type {
  DeclaredArtifact,
  DeclaredContent,
  OpenedSync,
  ProgressReport,
  SyncContext,
  Values,
} from '../../../plugin-api/index.ts';
import { declareProvenance } from '../attestations/attestations.ts';
import { isSafeFilename } from '../formats/filename.ts';
import { type IndexFile, metadataUrl } from '../formats/index/index-file.ts';
import type { ProjectDocument, ReleaseFile } from '../formats/index/project-json.ts';
import { isValidName, normalizeName } from '../formats/project-name.ts';
import { checkProvenance, InvalidProvenance } from '../formats/provenance.ts';
import { packageYank, pythonPackage } from '../rest/content.ts';
import { fileValues, projectValues } from '../uploads/package-values.ts';
import { pageDocument } from './page-document.ts';
import { RefusedProjects } from './refused-projects.ts';
import { type Selection, selectionOf, selectReleases, wantsProject } from './select-files.ts';
import { UpstreamRefusal } from './upstream-answer.ts';
import { UpstreamIndex } from './upstream-index.ts';

/** Throws PulpError PYT0002 for a remote that is no web server. */
export async function openIndex(context: SyncContext): Promise<OpenedSync> {
  const { url } = context.remote.settings;
  if (!url) throw new Error('A remote must have a url attribute to sync.');
  const scheme = url.split(':', 1)[0]!;
  if (!/^https?:/i.test(url))
    throw new PulpError('PYT0002', `Only HTTP(S) is supported for python syncing, got: ${scheme}`);
  const downloader = context.downloader(context.remote.settings);
  context.atEnd(() => downloader.close());
  const index = new UpstreamIndex(downloader, url, context.signal);
  const selection = selectionOf(context.remote.details);
  const report = context.progress({ message: 'Fetching Project Metadata', code: 'sync.fetching.project' });
  try {
    const names = await projectNames(index, selection);
    const refused = new RefusedProjects(context);
    const work = { context, index, selection, refused };
    return {
      units: declareProjects(work, names, downloader.limits.concurrency, report),
      spares: (ids) => refused.unitsAmong(ids),
    };
  } catch (error) {
    report.finish('failed');
    throw error;
  }
}

async function* declareProjects(
  work: Work,
  names: readonly string[],
  atOnce: number,
  report: ProgressReport,
): AsyncGenerator<DeclaredContent[]> {
  try {
    for await (const units of mapConcurrent(names, atOnce, (name) => askedUnits(work, name))) {
      if (units) report.add(1);
      if (units && units.length > 0) yield units;
    }
    work.refused.end(report.done);
  } catch (error) {
    report.finish('failed');
    throw error;
  }
  report.finish();
}

async function projectNames(index: UpstreamIndex, selection: Selection): Promise<string[]> {
  const names = selection.includes ? [...selection.includes.keys()] : await index.projects();
  const seen = new Set<string>();
  return names.filter((name) => {
    const normalized = normalizeName(name);
    if (seen.has(normalized) || !isValidName(name) || !wantsProject(selection, name)) return false;
    seen.add(normalized);
    return true;
  });
}

interface Work {
  readonly context: SyncContext;
  readonly index: UpstreamIndex;
  readonly selection: Selection;
  readonly refused: RefusedProjects;
}

/** Undefined for a project upstream does not have, and for one that it refuses. */
async function askedUnits(work: Work, name: string): Promise<DeclaredContent[] | undefined> {
  try {
    return await unitsOf(work, name);
  } catch (error) {
    if (!(error instanceof UpstreamRefusal)) throw error;
    work.refused.add(name, error);
    return undefined;
  }
}

async function unitsOf(work: Work, name: string): Promise<DeclaredContent[] | undefined> {
  let document = await work.index.project(name);
  let page: IndexFile[] | undefined;
  if (!document) {
    page = await work.index.files(name);
    document = page && pageDocument(name, page);
  }
  if (!document) return undefined;
  const releases = selectReleases(work.selection, name, document.releases, document.info.version);
  if (releases.size === 0) return [];
  page ??= await work.index.files(name);
  const told = new Map(page?.map((file) => [file.filename, file]));
  const project = projectOf(document, name);
  const units: DeclaredContent[] = [];
  for (const [version, files] of releases) {
    const usable = files.filter((file) => isSafeFilename(file.filename));
    for (const file of usable) units.push(declareFile(work.context, project, version, file, told.get(file.filename)));
    units.push(...yankOf(project, version, usable, page && told));
    if (work.context.remote.details.provenance === true) units.push(...(await provenanceOf(work, usable, told)));
  }
  return units;
}

/** The name is as upstream spells it, but it is the one that was asked for: other kinds of upstreams leave it out or tell another. */
function projectOf({ info }: ProjectDocument, name: string): Values {
  const isSame = typeof info.name === 'string' && normalizeName(info.name) === normalizeName(name);
  return projectValues(isSame ? info : { ...info, name });
}

function declareFile(
  { deferred }: SyncContext,
  project: Values,
  version: string,
  file: ReleaseFile,
  told: IndexFile | undefined,
): DeclaredContent {
  const metadata = told?.metadata?.sha256 ?? null;
  const { sha256, size, url, filename } = file;
  const artifacts: DeclaredArtifact[] = [{ relativePath: filename, url, size, digests: { sha256 }, deferred }];
  if (metadata) {
    const beside = metadataUrl(told!.url);
    artifacts.push({ relativePath: `${filename}.metadata`, url: beside, digests: { sha256: metadata }, deferred });
  }
  return { type: pythonPackage, values: { ...project, ...fileValues(version, file, metadata) }, artifacts };
}

/** One mark for a release of which a file is yanked, by the page of the project or, where there is none, its document. */
function yankOf(
  project: Values,
  version: string,
  files: readonly ReleaseFile[],
  told: ReadonlyMap<string, IndexFile> | undefined,
): DeclaredContent[] {
  const reasonOf = (file: ReleaseFile) => (told ? told.get(file.filename)?.yanked : file.yanked);
  const yanked = files.map(reasonOf).find((reason) => typeof reason === 'string');
  return yanked === undefined || yanked === null ? [] : [declareYank(String(project.name_normalized), version, yanked)];
}

export function declareYank(name: string, version: string, reason: string): DeclaredContent {
  const values = { name_normalized: normalizeName(name), version, yanked_reason: reason.replaceAll('\0', '') };
  return { type: packageYank, values, artifacts: [] };
}

async function provenanceOf(
  { context, index }: Work,
  files: readonly ReleaseFile[],
  told: ReadonlyMap<string, IndexFile>,
): Promise<DeclaredContent[]> {
  const units: DeclaredContent[] = [];
  for (const file of files) {
    const url = told.get(file.filename)?.provenance;
    const document = url ? await index.provenance(url) : undefined;
    if (document === undefined) continue;
    try {
      units.push(declareProvenance(checkProvenance(document), file.sha256));
    } catch (error) {
      if (!(error instanceof InvalidProvenance)) throw error;
      context.logger.warn({ err: error, url }, 'a provenance document of upstream is not valid');
    }
  }
  return units;
}
