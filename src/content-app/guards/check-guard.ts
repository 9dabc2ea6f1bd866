/** Asks the guard of a distribution whether a request may pass, by the types of guards there are. */
import { sql } from '../../db/sql.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { Guard, GuardedRequest, GuardType, GuardVerdict } from '../../plugin-api/contracts/guard.ts';
import type { Row, Values } from '../../plugin-api/declare/field.ts';

/** Asked at every request for a distribution with a guard. `row` stays the same object until the guard has changed. */
export type CheckGuard = (row: Row, domain: Domain, request: GuardedRequest) => Promise<GuardVerdict>;

/** Tells how refusals of a composite name a member: its href and class. */
export interface GuardNames {
  href(domain: Domain, pulpType: string, pulpId: string): string;
  className(pulpType: string): string;
}

const COMPOSITE = 'core.composite';

export class GuardChecker {
  readonly #services: Services;
  readonly #types: ReadonlyMap<string, GuardType>;
  readonly #names: GuardNames;
  /** Members of composites; a change of a member changes the row of the composite (plugin-api/declare-guard.ts). */
  readonly #members = new WeakMap<Row, Promise<Row[]>>();

  constructor(services: Services, types: readonly GuardType[], names: GuardNames) {
    this.#services = services;
    this.#types = new Map(types.map((type) => [type.pulpType, type]));
    this.#names = names;
  }

  readonly check: CheckGuard = async (row, domain, request) => {
    const pulpType = String(row.pulp_type);
    if (pulpType === COMPOSITE) return await this.#checkMembers(row, domain, request);
    const type = this.#types.get(pulpType);
    if (!type) {
      this.#services.logger.error(
        { guard: row.pulp_id },
        `There is no guard of type ${pulpType}: everything is refused.`,
      );
      return 'Access denied.';
    }
    return await type.check(this.#services, guardOf(row, domain), request);
  };

  async #checkMembers(row: Row, domain: Domain, request: GuardedRequest): Promise<GuardVerdict> {
    const refusals: string[] = [];
    const members = await this.#membersOf(row);
    for (const member of members) {
      const refusal = await this.check(member, domain, request);
      if (refusal === undefined) return undefined;
      refusals.push(this.#refusalOf(member, domain, refusal));
    }
    return members.length === 0 ? undefined : `Access forbidden. Refusals: [${refusals.join(', ')}]`;
  }

  #refusalOf(member: Row, domain: Domain, refusal: string): string {
    const pulpType = String(member.pulp_type);
    const href = this.#names.href(domain, pulpType, String(member.pulp_id));
    return `"Guard: '${member.name}', HREF: '${href}', class: '${this.#names.className(pulpType)}', denial: [${refusal}]."`;
  }

  #membersOf(row: Row): Promise<Row[]> {
    const known = this.#members.get(row);
    if (known) return known;
    const loading = this.#services.db.rows<Row>(sql`select g.* from content_guard_member m
      join content_guard g on g.pulp_id = m.member_id where m.guard_id = ${row.pulp_id} order by m.position`);
    this.#members.set(row, loading);
    loading.catch(() => this.#members.delete(row));
    return loading;
  }
}

function guardOf(row: Row, domain: Domain): Guard {
  return {
    pulpId: String(row.pulp_id),
    pulpType: String(row.pulp_type),
    name: String(row.name),
    domain,
    details: row.details as Values,
    secrets: row.secrets as string | null,
  };
}
