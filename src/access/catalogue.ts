/** Everything the software knows of access before anybody changes it: policies of views, locked roles, permissions. */
import {
  type AccessDeclaration,
  type CreationHook,
  type LockedRole,
  type Statement,
  statementsOf,
} from '../plugin-api/declare/access.ts';
import type { Model } from '../plugin-api/declare/model.ts';
import type { Resource } from '../plugin-api/declare/resource.ts';
import { corePolicies } from './core-policies.ts';
import { Siblings, usualStatements, VERSION_STATEMENTS } from './usual-statements.ts';

export interface Policy {
  readonly statements: readonly Statement[];
  readonly creation_hooks: readonly CreationHook[] | null;
  readonly queryset_scoping: { readonly function?: string; readonly parameters?: unknown } | null;
}

export interface DefaultPolicy extends Policy {
  readonly hidden: boolean;
}

const SCOPED = { function: 'scope_queryset' } as const;
/** Views without a policy of their own. */
export const ADMIN_ONLY: Policy = {
  statements: [{ action: ['*'], principal: 'admin', effect: 'allow' }],
  creation_hooks: null,
  queryset_scoping: null,
};

/** `repositories/file/file/versions`: the name of a resource's view in policies. */
export function viewOf(model: Model): string {
  return model.path.replaceAll('/*/', '/');
}

/** The app and model that permissions of an object are named after. */
const appOf = (model: Model) => model.app;
const nameOf = (model: Model) => model.name.toLowerCase();

export class AccessCatalogue {
  readonly policies = new Map<string, DefaultPolicy>();
  readonly roles = new Map<string, LockedRole>();
  /** Label of the model a permission belongs to, by permission. */
  readonly #models = new Map<string, string>();

  /** `more`: roles that span resources; `views`: policies of views that are no resources, by app. */
  constructor(
    resources: readonly Resource[],
    more: Readonly<Record<string, LockedRole>> = {},
    views: readonly (readonly [app: string, view: string, declared: AccessDeclaration])[] = [],
  ) {
    const extras = corePolicies.login!;
    this.policies.set('login', policyOf('core', 'login', extras.statements!, extras));
    for (const resource of resources) this.#addResource(resource, resources);
    for (const [app, view, declared] of views) {
      const own = { hooks: null, scoping: null, ...declared };
      this.policies.set(view, policyOf(app, view, declared.statements ?? [], own));
    }
    for (const [name, role] of Object.entries(more)) this.roles.set(name, role);
    for (const role of this.roles.values()) for (const permission of role.permissions) this.#add(permission);
  }

  /** Whether there is such a permission. */
  has(permission: string): boolean {
    return this.#models.has(permission);
  }

  /** Label of the model that a permission is about. */
  modelOf(permission: string): string | undefined {
    return this.#models.get(permission);
  }

  /** All permissions on objects of a model, by its label. */
  permissionsOf(label: string): string[] {
    return [...this.#models]
      .filter(([, model]) => model === label)
      .map(([permission]) => permission)
      .sort();
  }

  /** By app, model and codename, as roles list them. */
  sorted(permissions: readonly string[]): string[] {
    const key = (permission: string) => `${permission.split('.')[0]} ${this.#models.get(permission)} ${permission}`;
    return [...new Set(permissions)].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  #addResource(resource: Resource, resources: readonly Resource[]): void {
    const { model } = resource;
    const view = viewOf(model);
    if (model.table === 'repository_version' && model.path.includes('/*/')) {
      this.#addVersions(resource, resources);
      return;
    }
    const own = resource.access ?? corePolicies[view];
    for (const word of ['add', 'change', 'delete', 'view']) this.#learn(resource, `${word}_${nameOf(model)}`);
    if (resource.hasRoles) this.#learn(resource, `manage_roles_${nameOf(model)}`);
    for (const codename of own?.permissions ?? []) this.#learn(resource, codename);
    const lines = own?.statements ?? usualStatements(resource, new Siblings(resources, model.app));
    if (lines) {
      const policy = policyOf(appOf(model), nameOf(model), [...lines, ...(own?.more ?? [])], {
        ...this.#usualHooks(resource),
        ...own,
      });
      this.policies.set(view, policy);
      this.#learnFrom(resource, policy);
    }
    this.#addRoles(resource, own);
  }

  #addVersions(resource: Resource, resources: readonly Resource[]): void {
    const [path] = resource.model.path.split('/*/');
    const repository = resources.find((one) => one.model.path === path);
    if (!repository?.hasRoles || (repository.model.app === 'core' && !repository.access?.versions)) return;
    const lines = repository.access?.versions ?? VERSION_STATEMENTS;
    const policy = policyOf(repository.model.app, nameOf(repository.model), lines, { hooks: null, scoping: null });
    this.policies.set(viewOf(resource.model), policy);
    this.#learnFrom(repository, policy);
    this.#addRoles(repository, repository.access);
  }

  #usualHooks(resource: Resource): AccessDeclaration {
    if (!resource.hasRoles) return { hooks: null };
    const { model } = resource;
    return {
      hooks: [
        { function: 'add_roles_for_object_creator', parameters: { roles: `${model.app}.${nameOf(model)}_owner` } },
      ],
    };
  }

  /** creator, owner and viewer, unless declared otherwise. */
  #addRoles(resource: Resource, own: AccessDeclaration | undefined): void {
    const { model } = resource;
    const prefix = `${model.app}.${nameOf(model)}`;
    if (resource.hasRoles) {
      const all = this.permissionsOf(`${model.app}.${nameOf(model)}`);
      const permission = (word: string) => `${model.app}.${word}_${nameOf(model)}`;
      const mentioned = this.#mentioned(resource);
      const owned = all.filter(
        (one) => one !== permission('add') && (one === permission('view') || mentioned.has(one)),
      );
      this.roles.set(`${prefix}_viewer`, { permissions: [permission('view')] });
      this.roles.set(`${prefix}_owner`, { permissions: owned });
      if (resource.operations.create) this.roles.set(`${prefix}_creator`, { permissions: [permission('add')] });
    }
    for (const [name, role] of Object.entries(own?.roles ?? {})) {
      if (role) this.roles.set(name, role);
      else this.roles.delete(name);
    }
  }

  /** Permissions that the statements of a resource and of its versions ask for, and those declared. */
  #mentioned(resource: Resource): Set<string> {
    const { model } = resource;
    const own = resource.access ?? corePolicies[viewOf(model)];
    const found = new Set((own?.permissions ?? []).map((codename) => `${model.app}.${codename}`));
    for (const view of [viewOf(model), `${viewOf(model)}/versions`]) {
      for (const permission of permissionsIn(this.policies.get(view))) found.add(permission);
    }
    return found;
  }

  #learn(resource: Resource, codename: string): void {
    this.#models.set(`${resource.model.app}.${codename}`, `${resource.model.app}.${nameOf(resource.model)}`);
  }

  /** Permissions of a policy that end with the model's name are the model's. */
  #learnFrom(resource: Resource, policy: Policy): void {
    const { app } = resource.model;
    for (const permission of permissionsIn(policy)) {
      const codename = permission.slice(app.length + 1);
      if (permission.startsWith(`${app}.`) && codename.endsWith(`_${nameOf(resource.model)}`))
        this.#learn(resource, codename);
    }
  }

  /** A permission of a role that no resource here has declared belongs to no model. */
  #add(permission: string): void {
    if (!this.#models.has(permission)) this.#models.set(permission, '');
  }
}

function policyOf(app: string, model: string, lines: readonly string[], own: AccessDeclaration): DefaultPolicy {
  return {
    statements: statementsOf(app, model, lines),
    creation_hooks: own.hooks ?? null,
    queryset_scoping: own.scoping === undefined ? SCOPED : own.scoping,
    hidden: own.hidden ?? false,
  };
}

function permissionsIn(policy: Policy | undefined): string[] {
  return (policy?.statements ?? []).flatMap(({ condition }) =>
    [condition ?? []].flat().flatMap((one) =>
      one
        .slice(one.indexOf(':') + 1)
        .split(',')
        .filter((word) => word.includes('.')),
    ),
  );
}
