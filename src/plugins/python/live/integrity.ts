/** Provenance of packages (PEP 740), and the numbers of an index. */
import { inVersion, type LiveAnswer, sql } from '../../../plugin-api/index.ts';
import { normalizeName } from '../formats/project-name.ts';
import { type ServedIndex, servedVersion } from './served-index.ts';

/** The provenance document of a file; 404 where the index has none. */
export async function provenanceAnswer(
  index: ServedIndex,
  asked: { name: string; version: string; filename: string },
): Promise<LiveAnswer> {
  const { version, request } = index;
  const name = normalizeName(asked.name);
  const found = version
    ? await request.services.db.row<{ provenance: object }>(sql`select o.provenance
        from python_package p join python_provenance o on o.package_sha256 = p.sha256
        join repository_content rc on rc.content_id = o.content_id
        where p.name_normalized = ${name} and p.version = ${asked.version} and p.filename = ${asked.filename} and ${inVersion(version)}
          and exists (select from repository_content pc where pc.content_id = p.content_id and ${inVersion(version, 'pc')})
        order by o.content_id desc limit 1`)
    : undefined;
  if (found) return { status: 200, body: found.provenance };
  const text = `${asked.name} ${asked.version} ${asked.filename} provenance does not exist.`;
  return { status: 404, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: text };
}

/** Numbers of projects, releases and files. */
export async function summaryAnswer(index: ServedIndex): Promise<LiveAnswer> {
  const { request } = index;
  const version = servedVersion(index);
  const body = await request.services.db.row<object>(sql`select count(distinct p.name) as projects,
      count(distinct (p.name, p.version)) as releases, count(*) as files
    from python_package p join repository_content rc on rc.content_id = p.content_id where ${inVersion(version)}`);
  return { status: 200, body };
}
