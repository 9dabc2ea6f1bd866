/** Publishes a version as a static index: the list of projects and a page for each, with links to the files beside them. */
import type { PublishContext, Row } from '../../plugin-api/index.ts';
import type { IndexFile, IndexProject } from './formats/index/index-file.ts';
import { writeIndexPage, writeProjectPage } from './formats/index/simple-html.ts';
import { releaseKey } from './formats/version.ts';
import { packageYank, pythonPackage } from './rest/content.ts';

interface PackageRow extends Row {
  readonly name: string;
  readonly name_normalized: string;
  readonly filename: string;
  readonly sha256: string;
  readonly version: string;
  readonly requires_python: string;
  readonly metadata_sha256: string | null;
}

const COLUMNS = ['name', 'name_normalized', 'filename', 'sha256', 'version', 'requires_python', 'metadata_sha256'];

export async function publishIndex(context: PublishContext): Promise<void> {
  context.passThrough();
  const projects: IndexProject[] = [];
  const yanks = await yanksOf(context);
  for await (const files of projectsOf(context)) {
    const { name, name_normalized: normalized } = files[0]!;
    projects.push({ name, normalized });
    const page = writeProjectPage(
      normalized,
      files.map((file) => linkOf(file, yanks)),
    );
    await context.addFile(`simple/${normalized}/index.html`, [page]);
  }
  await context.addFile('simple/index.html', [writeIndexPage(projects)]);
}

function linkOf(row: PackageRow, yanks: ReadonlyMap<string, string>): IndexFile {
  const { filename, sha256, metadata_sha256: metadata } = row;
  return {
    filename,
    url: `../../${encodeURIComponent(filename)}`,
    hashes: { sha256 },
    requiresPython: row.requires_python || null,
    metadata: metadata ? { sha256: metadata } : null,
    yanked: yanks.get(yankKey(row.name_normalized, row.version)) ?? null,
    size: null,
    uploadTime: null,
    provenance: null,
  };
}

const yankKey = (normalized: string, version: string) => `${normalized} ${releaseKey(version)}`;

/** Reasons of the releases that were taken back: few of those that there are. */
async function yanksOf(context: PublishContext): Promise<ReadonlyMap<string, string>> {
  const yanks = new Map<string, string>();
  const columns = ['name_normalized', 'version', 'yanked_reason'];
  for await (const units of context.units(packageYank, { columns, artifacts: false })) {
    for (const { values } of units) {
      yanks.set(yankKey(String(values.name_normalized), String(values.version)), String(values.yanked_reason));
    }
  }
  return yanks;
}

/** The packages of each project on end, by the order of names. */
async function* projectsOf(context: PublishContext): AsyncGenerator<PackageRow[]> {
  let project: PackageRow[] = [];
  const order = ['name_normalized', 'filename'];
  for await (const units of context.units(pythonPackage, { order, columns: COLUMNS, artifacts: false })) {
    for (const { values } of units) {
      const row = values as PackageRow;
      if (project.length > 0 && project[0]!.name_normalized !== row.name_normalized) {
        yield project;
        project = [];
      }
      project.push(row);
    }
  }
  if (project.length > 0) yield project;
}
