/** Every list with each of its declared filters, asked for a few objects that there are: from the declarations. */
import { listPath } from '../../src/api/engine/routes.ts';
import type { Resource } from '../../src/plugin-api/declare/resource.ts';

export interface ListQuery {
  readonly path: string;
  /** Without a filter: the first page, or one far behind. */
  readonly filter: string;
  readonly query: string;
}

type Found = Readonly<Record<string, unknown>>;
type Read = (path: string) => Promise<{ readonly count: number; readonly results: readonly Found[] }>;

/** What filters that name objects are asked with, by the kinds of objects. */
const NAMED = [
  'repositories',
  'repository_versions',
  'remotes',
  'publications',
  'distributions',
  'content',
  'tasks',
  'task-groups',
];

export async function listQueries(resources: readonly Resource[], read: Read): Promise<ListQuery[]> {
  const named = new Map<string, string>();
  for (const path of NAMED) {
    const [middle] = await middleOf(path, read);
    if (middle) named.set(path, String(middle.pulp_href));
  }
  const queries: ListQuery[] = [];
  for (const resource of resources) {
    const path = listPath(resource).replace(/\/$/, '');
    const [middle, count] = await middleOf(path, read);
    if (!middle) continue;
    const add = (filter: string, query: string) => queries.push({ path, filter, query });
    add('first page', 'limit=100');
    add('deep page', `limit=100&offset=${Math.max(0, count - 150)}`);
    for (const [key, value] of valuesOf(resource, middle, named))
      add(key, `${key}=${encodeURIComponent(value)}&limit=100`);
  }
  return queries;
}

async function middleOf(path: string, read: Read): Promise<[Found | undefined, number]> {
  const { count } = await read(`${path}/?limit=1`);
  const { results } = await read(`${path}/?limit=1&offset=${Math.floor(count / 2)}`);
  return [results[0], count];
}

function* valuesOf(resource: Resource, one: Found, named: ReadonlyMap<string, string>): Generator<[string, string]> {
  for (const [field, filter] of Object.entries(resource.filters)) {
    for (const suffix of filter.lookups ?? ['']) {
      const key = suffix === '' ? field : `${field}__${suffix}`;
      if (filter.kind === 'custom' || filter.kind === 'reference') {
        const value = namedBy(field.replace(/__.*/, ''), one, named);
        if (value !== undefined) yield [key, value];
      } else {
        const value = plainValue(one[field], suffix, filter.kind);
        if (value !== undefined) yield [key, value];
      }
    }
  }
  if (!resource.without?.includes('pulp_href__in')) yield ['pulp_href__in', String(one.pulp_href)];
  if (!resource.without?.includes('prn__in')) yield ['prn__in', String(one.prn)];
  if (resource.hasLabels) {
    yield ['pulp_label_select', 'team=team-7'];
    yield ['pulp_label_select', 'batch=b200'];
  }
  if (typeof one.name === 'string' && 'name' in resource.filters) yield ['q', `name="${one.name}" OR name="other"`];
}

/** The object of the kind that a filter's name tells. */
function namedBy(field: string, one: Found, named: ReadonlyMap<string, string>): string | undefined {
  if (field === 'pulp_type') return undefined;
  const content = named.get('content');
  const version = named.get('repository_versions');
  if (['added_between', 'removed_between'].includes(field))
    return version && `${version.replace(/\d+\/$/, '1/')},${version.replace(/\d+\/$/, '2/')}`;
  if (field === 'orphaned_for') return '1000000';
  if (/content/.test(field)) return content;
  if (/repository_version|repo_versions/.test(field)) return version;
  if (/^(repository|(reserved|exclusive|shared)_resources)$/.test(field)) return named.get('repositories');
  if (field === 'remote') return named.get('remotes');
  if (field === 'created_resources') return (one.created_resource_prns as string[] | undefined)?.[0];
  if (field === 'task_group') return named.get('task-groups');
  if (/task/.test(field)) return named.get('tasks');
  const own = one[field];
  return ['string', 'number', 'boolean'].includes(typeof own) ? String(own) : undefined;
}

function plainValue(value: unknown, suffix: string, kind: string): string | undefined {
  if (suffix === 'isnull') return 'true';
  if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined;
  const text = String(value);
  if (suffix === 'range') return `${text},${text}`;
  // from one to the end is half of all: only ranges without one of the ends are asked from their end
  if (['gt', 'gte'].includes(suffix))
    return kind === 'datetime' ? new Date(Date.now() - 60_000).toISOString() : undefined;
  if (['lt', 'lte', 'ne'].includes(suffix)) return kind === 'datetime' ? '2001-01-01T00:00:00Z' : undefined;
  if (['contains', 'icontains'].includes(suffix)) return text.slice(3);
  if (['regex', 'iregex'].includes(suffix)) return `${text.slice(3).replace(/[^\w]/g, '.')}$`;
  return text;
}
