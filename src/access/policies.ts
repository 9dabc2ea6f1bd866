/** The policies of views as they are now: from the settings, from the database, or those of the software. */
import type { Settings } from '../config/settings.ts';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type AccessCatalogue, ADMIN_ONLY, type Policy } from './catalogue.ts';

const CHANNEL = 'access_policy_changed';

interface Loaded {
  readonly generation: number;
  readonly policies: ReadonlyMap<string, Policy>;
}

/**
 * Remembered until a notification comes, or until a request has seen a higher generation: callers whose rights depend
 * on policies ask for the generation anyway, so for them a lost or late notification makes no difference.
 */
export class PolicyStore {
  readonly #db: Database;
  readonly #catalogue: AccessCatalogue;
  readonly #settings: ReadonlyMap<string, Policy>;
  #loaded: Promise<Loaded> | undefined;
  #listening = false;

  constructor(db: Database, catalogue: AccessCatalogue, settings: Pick<Settings, 'accessPolicies'>) {
    this.#db = db;
    this.#catalogue = catalogue;
    this.#settings = new Map(
      Object.entries(settings.accessPolicies).map(([view, policy]) => [view, policyOfSetting(policy)]),
    );
  }

  /** The policy of a view; administrators only where there is none. */
  async get(view: string, generation = 0): Promise<Policy> {
    const set = this.#settings.get(view);
    if (set) return set;
    const own = this.#catalogue.policies.get(view);
    if (own?.hidden) return own;
    const loaded = await this.#current(generation);
    return loaded.policies.get(view) ?? own ?? ADMIN_ONLY;
  }

  async #current(generation: number): Promise<Loaded> {
    const loaded = await this.#load();
    if (loaded.generation >= generation) return loaded;
    this.#loaded = undefined;
    return await this.#load();
  }

  #load(): Promise<Loaded> {
    if (this.#loaded) return this.#loaded;
    const loading = this.#read();
    this.#loaded = loading;
    loading.catch(() => {
      if (this.#loaded === loading) this.#loaded = undefined;
    });
    return loading;
  }

  async #read(): Promise<Loaded> {
    await this.#listen();
    // The generation is read first: what changes meanwhile makes the policies newer than it says, never older.
    const state = await this.#db.row<{ generation: number }>(sql`select generation from access_state`);
    const rows = await this.#db.rows<Policy & { viewset_name: string }>(
      sql`select viewset_name, statements, creation_hooks, queryset_scoping from access_policy`,
    );
    return {
      generation: Number(state?.generation ?? 0),
      policies: new Map(rows.map((row) => [row.viewset_name, row])),
    };
  }

  async #listen(): Promise<void> {
    if (this.#listening) return;
    this.#listening = true;
    const forget = () => {
      this.#loaded = undefined;
    };
    this.#db.onReconnect(forget);
    await this.#db.listen(CHANNEL, forget);
  }
}

/** A policy of the setting access_policies; what is left out is that of a view without statements. */
export function policyOfSetting(value: unknown): Policy {
  const policy = (value ?? {}) as Partial<Policy> & { permissions_assignment?: Policy['creation_hooks'] };
  return {
    statements: policy.statements ?? [],
    creation_hooks: policy.creation_hooks ?? policy.permissions_assignment ?? null,
    queryset_scoping: policy.queryset_scoping ?? null,
  };
}
