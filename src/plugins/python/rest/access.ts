/** Who may do what with resources of the Python type, where it differs from what is usual. */
import { type AccessDeclaration, type Condition, usual } from '../../../plugin-api/index.ts';

const LIST = 'list my_permissions';
const RETRIEVE = 'retrieve | mdo:view_';
const UPDATE = `${usual.change} ${usual.labels} | mdo:change_ & mdo:view_`;
const REMOTE = 'remote.mdo:view_pythonremote';
const REPOSITORY = 'repo.mdo:view_pythonrepository';
const PUBLICATION = 'publication.mdo:view_pythonpublication';

export const repositoryAccess: AccessDeclaration = {
  statements: [
    LIST,
    `create | md:add_ & ${REMOTE}`,
    RETRIEVE,
    usual.destroy,
    `${UPDATE} & ${REMOTE}`,
    `sync | mdo:sync_ & ${REMOTE} & mdo:view_`,
    'modify repair_metadata | mdo:modify_ & mdo:view_',
    usual.roles,
  ],
  versions: [
    'list retrieve | repository.mdo:view_',
    'destroy | repository.mdo:delete_ & repository.mdo:view_',
    'repair | repository.mdo:repair_ & repository.mdo:view_',
    'scan | [repository.mdo:view_]',
  ],
};

export const blocklistAccess: AccessDeclaration = {
  statements: [
    'list retrieve | repository.mdo:view_pythonrepository',
    'create destroy | repository.mdo:modify_pythonrepository & repository.mdo:view_pythonrepository',
  ],
  hooks: null,
  scoping: null,
};

export const remoteAccess: AccessDeclaration = {
  statements: [LIST, 'create from_bandersnatch | md:add_', RETRIEVE, UPDATE, usual.destroy, usual.roles],
};

export const publicationAccess: AccessDeclaration = {
  statements: [LIST, `create | md:add_ & ${REPOSITORY}`, RETRIEVE, usual.destroy, usual.roles],
};

export const distributionAccess: AccessDeclaration = {
  statements: [
    LIST,
    `create | md:add_ & ${REPOSITORY} & ${PUBLICATION}`,
    RETRIEVE,
    `${UPDATE} & ${REPOSITORY} & ${PUBLICATION}`,
    usual.destroy,
    usual.roles,
  ],
};

export const packageAccess: AccessDeclaration = {
  permissions: ['upload_python_packages'],
  roles: { 'python.python_package_uploader': { permissions: ['python.upload_python_packages'] } },
};

const UPLOAD = 'create | =index_has_repo_perm:python.modify_pythonrepository';
const open = (actions: string) => ({ statements: [`*: ${actions}`] });

/** `index_has_repo_perm:<permission>`: held on the repository behind the index, or everywhere or in the domain. */
export const pythonConditions: Readonly<Record<string, Condition>> = {
  index_has_repo_perm: async (context, permission) => {
    if (context.holds(permission)) return true;
    const repository = await context.subject?.repository();
    return repository !== undefined && (await context.holdsOn(permission, repository.label, repository.id));
  },
};

/** Of the parts of a live index. */
export const livePolicies: Readonly<Record<string, { readonly statements: readonly string[] }>> = {
  'pypi/root': open('list retrieve'),
  'pypi/simple': { statements: ['*: list retrieve', UPLOAD] },
  'pypi/legacy': { statements: [UPLOAD] },
  'pypi/pypi': open('retrieve'),
  'pypi/integrity': open('retrieve'),
  'pypi/rss': open('updates packages project_releases'),
  'pypi/yank': { statements: ['yank unyank | =index_has_repo_perm:python.modify_pythonrepository'] },
};
