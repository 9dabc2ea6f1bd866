/** Publishes a version as a static index: the list of projects and a page for each, with links to the files beside them. */
import { inVersion, type PublishContext, type Row, sql } from '../../plugin-api/index.ts';
import type { IndexFile, IndexProject } from './formats/index/index-file.ts';
import { writeIndexPage, writeProjectPage } from './formats/index/simple-html.ts';

interface PackageRow extends Row {
  readonly name: string;
  readonly name_normalized: string;
  readonly filename: string;
  readonly sha256: string;
}

const PAGE = 5000;

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
  for await (const row of packagesOf(context)) {
    if (project.length > 0 && project[0]!.name_normalized !== row.name_normalized) {
      yield project;
      project = [];
    }
    project.push(row);
  }
  if (project.length > 0) yield project;
}

/** In pages, each beginning behind the last row of the one before. */
async function* packagesOf({ db, version }: PublishContext): AsyncGenerator<PackageRow> {
  let last = { name: '', filename: '' };
  for (;;) {
    const rows = await db.rows<PackageRow>(sql`select p.name, p.name_normalized, p.filename, p.sha256
      from python_package p join repository_content rc on rc.content_id = p.content_id
      where ${inVersion(version)} and (p.name_normalized, p.filename) > (${last.name}, ${last.filename})
      order by p.name_normalized, p.filename limit ${PAGE}`);
    yield* rows;
    const end = rows.at(-1);
    if (!end || rows.length < PAGE) return;
    last = { name: end.name_normalized, filename: end.filename };
  }
}
