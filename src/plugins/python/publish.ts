/** Publishes a version as a static index: the list of projects and a page for each, with links to the files beside them. */
import type { PublishContext, Row } from '../../plugin-api/index.ts';
import type { IndexFile, IndexProject } from './formats/index/index-file.ts';
import { writeIndexPage, writeProjectPage } from './formats/index/simple-html.ts';
import { pythonPackage } from './rest/content.ts';

interface PackageRow extends Row {
  readonly name: string;
  readonly name_normalized: string;
  readonly filename: string;
  readonly sha256: string;
}

const COLUMNS = ['name', 'name_normalized', 'filename', 'sha256'];

export async function publishIndex(context: PublishContext): Promise<void> {
  context.passThrough();
  const projects: IndexProject[] = [];
  for await (const files of projectsOf(context)) {
    const { name, name_normalized: normalized } = files[0]!;
    projects.push({ name, normalized });
    const page = writeProjectPage(normalized, files.map(linkOf));
    await context.addFile(`simple/${normalized}/index.html`, [page]);
  }
  await context.addFile('simple/index.html', [writeIndexPage(projects)]);
}

function linkOf({ filename, sha256 }: PackageRow): IndexFile {
  const nothing = {
    requiresPython: null,
    metadata: null,
    yanked: null,
    size: null,
    uploadTime: null,
    provenance: null,
  };
  return { filename, url: `../../${encodeURIComponent(filename)}`, hashes: { sha256 }, ...nothing };
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
