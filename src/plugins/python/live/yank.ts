/** Taking releases back and giving them free again (PEP 592). */
import { ValidationError } from '../../../lib/errors.ts';
import { accepted, inVersion, type LiveAnswer, sql, type Values, type Version } from '../../../plugin-api/index.ts';
import { normalizeName } from '../formats/project-name.ts';
import { isSameVersion } from '../formats/version.ts';
import { UNYANK_TASK, YANK_TASK } from '../tasks.ts';
import { refusal } from './refusal.ts';
import type { ServedIndex } from './served-index.ts';

export async function yankAnswer(index: ServedIndex, kind: 'yank' | 'unyank'): Promise<LiveAnswer> {
  const { request, distribution, domain, version } = index;
  const user = await request.authorize('pypi/yank', kind, distribution);
  const repository = distribution.row.repository_id as string | null;
  if (!repository) return refusal(400, 'Index is not pointing to a repository');
  const { values } = await request.body(domain);
  const { name: given, version: release } = required(values, ['name', 'version'] as const);
  const name = normalizeName(given);
  const reason = values.yanked_reason === undefined ? '' : String(values.yanked_reason);
  // A mark outlives its release, and can be taken away all the same.
  const known = kind === 'yank' && version ? await releaseNamed(index, version, name, release) : undefined;
  if (kind === 'yank' && known === undefined) {
    return {
      status: 404,
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
      body: `${name}==${release} not found in repository`,
    };
  }
  const task = await request.dispatch(domain, user, {
    name: kind === 'yank' ? YANK_TASK : UNYANK_TASK,
    args: { repository, name, version: known ?? release, reason },
    exclusive: [`prn:python.pythonrepository:${repository}`],
  });
  return accepted(index.presenter, task);
}

/** All that is missing is told at once. */
function required<N extends string>(values: Values, names: readonly N[]): Record<N, string> {
  const missing: Record<string, string[]> = {};
  for (const name of names) {
    if (values[name] === undefined || values[name] === null) missing[name] = ['This field is required.'];
    else if (typeof values[name] === 'object') missing[name] = ['Not a valid string.'];
    else if (values[name] === '') missing[name] = ['This field may not be blank.'];
  }
  if (Object.keys(missing).length > 0) throw new ValidationError(missing);
  return Object.fromEntries(names.map((name) => [name, String(values[name])])) as Record<N, string>;
}

/** The release as its files spell it: `1.0.0` is 1.0. */
async function releaseNamed(
  { request }: ServedIndex,
  version: Version,
  name: string,
  release: string,
): Promise<string | undefined> {
  const rows = await request.services.db.rows<{ version: string }>(sql`select distinct p.version
    from python_package p join repository_content rc on rc.content_id = p.content_id
    where p.name_normalized = ${name} and ${inVersion(version)} order by p.version`);
  const known = rows.map((row) => row.version);
  return known.includes(release) ? release : known.find((one) => isSameVersion(one, release));
}
