/** The statements a resource of a package type usually has, by its kind; what differs is declared beside the resource. */
import { usual } from '../plugin-api/declare/access.ts';
import type { Resource } from '../plugin-api/declare/resource.ts';

const { read, change, destroy, roles, labels } = usual;

/** Resources of the same package type, in the order of their declaration: other models are named after the first of a kind. */
export class Siblings {
  readonly #resources: readonly Resource[];

  constructor(resources: readonly Resource[], app: string) {
    this.#resources = resources.filter(({ model }) => model.app === app && model.pulpType !== undefined);
  }

  /** Lower-case model names of a master table. */
  of(table: string): string[] {
    return this.#resources.filter(({ model }) => model.table === table).map(({ model }) => model.name.toLowerCase());
  }
}

/** Undefined for kinds that only administrators use unless something is declared. */
export function usualStatements(resource: Resource, siblings: Siblings): string[] | undefined {
  const { table } = resource.model;
  if (table === 'content') return contentStatements(resource, siblings);
  if (!resource.hasRoles) return undefined;
  switch (table) {
    case 'repository':
      return repositoryStatements(resource, siblings);
    case 'remote':
      return [read, 'create | md:add_', `${change} ${labels} | mdo:change_ & mdo:view_`, destroy, roles];
    case 'publication':
      return [read, `create | md:add_${viewRepository(siblings)}`, destroy, roles];
    case 'distribution':
      return distributionStatements(resource, siblings);
    case 'alternate_content_source':
      return sourceStatements(siblings);
    case 'content_guard':
      return [read, 'create | md:add_', `${change} | mdo:change_`, 'destroy | mdo:delete_', roles];
  }
  return undefined;
}

const viewRemote = (siblings: Siblings, all = false) => {
  const names = siblings.of('remote').map((name) => `view_${name}`);
  return names.length > 0 ? ` & remote.mdo:${(all ? names : names.slice(0, 1)).join(',')}` : '';
};
const viewRepository = (siblings: Siblings) =>
  siblings
    .of('repository')
    .slice(0, 1)
    .map((name) => ` & repo.mdo:view_${name}`)
    .join('');

function repositoryStatements(resource: Resource, siblings: Siblings): string[] {
  const actions = new Set(resource.actions.map(({ name }) => name));
  const remote = 'remote' in resource.fields ? viewRemote(siblings) : '';
  const create = `md:add_${remote}`;
  return [
    read,
    `create | ${remote ? create : `[${create}]`}`,
    destroy,
    `${change} ${labels} | mdo:change_ & mdo:view_${remote}`,
    ...(actions.has('sync') ? [`sync | mdo:sync_${viewRemote(siblings, true)} & mdo:view_`] : []),
    ...(actions.has('modify') ? ['modify | mdo:modify_ & mdo:view_'] : []),
    roles,
  ];
}

function distributionStatements(resource: Resource, siblings: Siblings): string[] {
  const [publication] = siblings.of('publication');
  const served =
    viewRepository(siblings) +
    ('publication' in resource.fields && publication ? ` & publication.mdo:view_${publication}` : '');
  return [read, `create | md:add_${served}`, `${change} ${labels} | mdo:change_ & mdo:view_${served}`, destroy, roles];
}

function sourceStatements(siblings: Siblings): string[] {
  const remote = viewRemote(siblings);
  return [
    read,
    `create | md:add_${remote}`,
    `${change} | mdo:change_ & mdo:view_${remote}`,
    destroy,
    'refresh | mdo:refresh_ & mdo:view_',
    roles,
  ];
}

function contentStatements(resource: Resource, siblings: Siblings): string[] {
  const [repository] = siblings.of('repository');
  const { app } = resource.model;
  const uploads = resource.access?.permissions?.[0];
  return [
    'list retrieve',
    ...(resource.operations.create && repository
      ? [`create | required:modify_${repository} & required:view_${repository} & upload.mdo:core.change_upload`]
      : []),
    ...(resource.hasLabels ? [`${labels} | [md:core.manage_content_labels]`] : []),
    ...(resource.actions.some(({ name }) => name === 'upload') && uploads ? [`upload | [md:${app}.${uploads}]`] : []),
  ];
}

/** Statements of a repository's versions. */
export const VERSION_STATEMENTS = [
  'list retrieve | repository.mdo:view_',
  'destroy | repository.mdo:delete_ & repository.mdo:view_',
  'repair | repository.mdo:repair_ & repository.mdo:view_',
];
