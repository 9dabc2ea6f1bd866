/** Access policies of the core's own views, in short form; facts of Pulp that clients and operators build on. */
import { type AccessDeclaration, type CreationHook, usual } from '../plugin-api/declare/access.ts';

const OWNER = (model: string): CreationHook[] => [
  { function: 'add_roles_for_object_creator', parameters: { roles: `core.${model}_owner` } },
];
const OWNERS = (...roles: string[]): CreationHook[] => [
  { function: 'add_roles_for_object_creator', parameters: { roles: roles.map((role) => `core.${role}`) } },
];
const { read, change, roleActions, roles } = usual;

const anyList: AccessDeclaration = { statements: ['list'], hooks: null };

const guard = (model: string, more: readonly string[] = [], roles: readonly string[] = []): AccessDeclaration => ({
  statements: [
    read,
    'create | md:add_',
    `${change} | mdo:change_`,
    'destroy | mdo:delete_',
    ...more,
    `${roleActions} | mdo:manage_roles_`,
  ],
  hooks: OWNERS(`${model}_owner`, ...roles),
});

const repositoryPermissions = ['modify_openpgpkeyring', 'repair_openpgpkeyring'];

/** By view; the model's app is core. */
export const corePolicies: Readonly<Record<string, AccessDeclaration>> = {
  repositories: anyList,
  remotes: anyList,
  publications: anyList,
  distributions: anyList,
  contentguards: anyList,
  content: {
    ...anyList,
    permissions: ['manage_content_labels'],
    roles: { 'core.content_labeler': { permissions: ['core.manage_content_labels'] } },
  },
  // a list over all repositories: everybody may ask, and sees what the permissions allow
  repository_versions: { statements: ['list'], hooks: null, hidden: true },
  artifacts: { statements: ['admin: create list retrieve'], hooks: null, scoping: null },
  login: { statements: ['*'], hooks: [], scoping: null },
  tokens: { statements: ['list retrieve', 'create destroy | =has_whole_account'], hooks: null, hidden: true },
  uploads: {
    statements: [
      read,
      'create | md:add_',
      'update partial_update commit | mdo:change_',
      'destroy | mdo:delete_',
      roles,
    ],
    hooks: OWNER('upload'),
  },
  tasks: {
    statements: [
      read,
      'profile_artifacts | mdo:view_task_profile_artifacts',
      'destroy | mdo:delete_',
      `${change} | mdo:change_`,
      'purge',
      `${roleActions} | mdo:manage_roles_`,
    ],
    hooks: OWNER('task'),
    permissions: ['view_task_profile_artifacts'],
    roles: {
      'core.task_creator': null,
      'core.task_owner': {
        description: 'Allow all actions on a task.',
        permissions: [
          'core.change_task',
          'core.delete_task',
          'core.manage_roles_task',
          'core.view_task',
          'core.view_task_profile_artifacts',
        ],
      },
      'core.task_user_dispatcher': { permissions: ['core.add_task'] },
    },
  },
  'task-groups': { statements: ['list retrieve partial_update'], hooks: null },
  'task-schedules': {
    statements: [read, 'admin: create update partial_update destroy', `${roleActions} | mdo:manage_roles_`],
    hooks: OWNER('taskschedule'),
    roles: {
      'core.taskschedule_creator': null,
      'core.taskschedule_owner': {
        description: 'Allow all actions on a taskschedule.',
        permissions: ['core.manage_roles_taskschedule', 'core.view_taskschedule'],
      },
    },
  },
  groups: {
    statements: [
      read,
      'create | m:add_',
      `${change} | mo:change_`,
      'destroy | mo:delete_',
      `${roleActions} | [mo:manage_roles_]`,
    ],
    hooks: OWNER('group'),
  },
  'groups/users': {
    statements: [
      'list | group.mo:core.view_group',
      'create | group.mo:core.change_group',
      'destroy | group.mo:core.change_group',
    ],
    hooks: [],
    scoping: null,
  },
  domains: {
    statements: [
      read,
      'create | m:add_',
      'update partial_update migrate set_label unset_label | mo:change_',
      'destroy | mo:delete_',
      `${roleActions} | mo:manage_roles_`,
    ],
    hooks: OWNERS('domain_owner'),
  },
  'upstream-pulps': {
    statements: [
      read,
      'create | [md:add_]',
      'destroy | [mdo:delete_]',
      `${change} | [mdo:change_]`,
      'replicate | [mdo:replicate_]',
      'status | [mdo:view_]',
      roles,
    ],
    hooks: OWNER('upstreampulp'),
    permissions: ['replicate_upstreampulp'],
    roles: { 'core.upstreampulp_user': { permissions: ['core.replicate_upstreampulp', 'core.view_upstreampulp'] } },
  },
  'repositories/core/openpgp_keyring': {
    statements: [
      read,
      'create | [md:add_]',
      'destroy | [mdo:delete_]',
      'update partial_update set_label unset_label | [mdo:change_]',
      'modify | [mdo:modify_]',
      roles,
    ],
    hooks: OWNER('openpgpkeyring'),
    permissions: repositoryPermissions,
  },
  'contentguards/core/rbac': {
    ...guard('rbaccontentguard', ['download | mdo:download_'], ['rbaccontentguard_downloader']),
    permissions: ['download_rbaccontentguard'],
    roles: {
      'core.rbaccontentguard_downloader': { permissions: ['core.download_rbaccontentguard'] },
      'core.rbaccontentguard_owner': {
        permissions: [
          'core.change_rbaccontentguard',
          'core.delete_rbaccontentguard',
          'core.manage_roles_rbaccontentguard',
          'core.view_rbaccontentguard',
        ],
      },
    },
  },
  'contentguards/core/header': guard('headercontentguard'),
  'contentguards/core/envvar_header': guard('envvarheadercontentguard'),
  'contentguards/core/content_redirect': guard('contentredirectcontentguard'),
  'contentguards/core/composite': guard('compositecontentguard'),
};
