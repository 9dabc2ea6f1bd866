/** The statements a resource of a package type usually has, by its kind; what differs is declared beside the resource. */
import type { Resource } from '../plugin-api/declare/resource.ts';

const READ = 'list retrieve my_permissions';
const ROLES = 'list_roles add_role remove_role | [mdo:manage_roles_]';
const CHANGE = 'update partial_update';
const LABELS = ' set_label unset_label';

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
      return [READ, 'create | md:add_', `${CHANGE}${LABELS} | mdo:change_ & mdo:view_`, DESTROY, ROLES];
    case 'publication':
      return [READ, `create | md:add_${viewRepository(siblings)}`, DESTROY, ROLES];
    case 'distribution':
      return distributionStatements(resource, siblings);
    case 'alternate_content_source':
      return sourceStatements(siblings);
    case 'content_guard':
      return [READ, 'create | md:add_', `${CHANGE} | mdo:change_`, 'destroy | mdo:delete_', ROLES];
  }
  return undefined;
}

const DESTROY = 'destroy | mdo:delete_ & mdo:view_';
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
    READ,
    `create | ${remote ? create : `[${create}]`}`,
    DESTROY,
    `${CHANGE}${LABELS} | mdo:change_ & mdo:view_${remote}`,
    ...(actions.has('sync') ? [`sync | mdo:sync_${viewRemote(siblings, true)} & mdo:view_`] : []),
    ...(actions.has('modify') ? ['modify | mdo:modify_ & mdo:view_'] : []),
    ROLES,
  ];
}

function distributionStatements(resource: Resource, siblings: Siblings): string[] {
  const [publication] = siblings.of('publication');
  const served =
    viewRepository(siblings) +
    ('publication' in resource.fields && publication ? ` & publication.mdo:view_${publication}` : '');
  return [READ, `create | md:add_${served}`, `${CHANGE}${LABELS} | mdo:change_ & mdo:view_${served}`, DESTROY, ROLES];
}

function sourceStatements(siblings: Siblings): string[] {
  const remote = viewRemote(siblings);
  return [
    READ,
    `create | md:add_${remote}`,
    `${CHANGE} | mdo:change_ & mdo:view_${remote}`,
    DESTROY,
    'refresh | mdo:refresh_ & mdo:view_',
    ROLES,
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
    ...(resource.hasLabels ? ['set_label unset_label | [md:core.manage_content_labels]'] : []),
    ...(resource.actions.some(({ name }) => name === 'upload') && uploads ? [`upload | [md:${app}.${uploads}]`] : []),
  ];
}

/** Statements of a repository's versions. */
export const VERSION_STATEMENTS = [
  'list retrieve | repository.mdo:view_',
  'destroy | repository.mdo:delete_ & repository.mdo:view_',
  'repair | repository.mdo:repair_ & repository.mdo:view_',
];
