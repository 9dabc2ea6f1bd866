/** hrefs and PRNs to rows and back: which model a path or PRN means, and whether its object is there. */

import type { Queryable } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { isUuid } from '../../lib/text/uuid.ts';
import type { Domain } from '../../plugin-api/contracts/context.ts';
import type { ReferenceTarget } from '../../plugin-api/declare/field.ts';
import { labelOf, type Model, type Models } from '../../plugin-api/declare/model.ts';
import { Refused } from './validate-value.ts';

/** What an href or PRN names. For repository versions named by number, `number` is set and `id` is the repository's. */
export interface Named {
  readonly model: Model;
  readonly id: string;
  readonly number?: number;
}

/** Prefix of the API for a domain: `/pulp/api/v3/`, with domains `/pulp/<name>/api/v3/`. */
export function apiPrefix(apiRoot: string, domainEnabled: boolean, domainName: string): string {
  return domainEnabled ? `${apiRoot}${domainName}/api/v3/` : `${apiRoot}api/v3/`;
}

/** Settings that say what hrefs look like. */
interface HrefSettings {
  readonly apiRoot: string;
  readonly domainEnabled: boolean;
  /** Where it is set, each request may be for a root of its own. */
  readonly apiRootRewriteHeader?: string | null;
}

/** Reads hrefs and PRNs; a href may carry scheme and host, only its path is used. */
export class HrefReader {
  readonly #models: Models;
  readonly #apiRoot: string;
  readonly #domainEnabled: boolean;
  /** Finds the end of any root. */
  readonly #anyRoot: RegExp | undefined;

  constructor(models: Models, { apiRoot, domainEnabled, apiRootRewriteHeader }: HrefSettings) {
    this.#models = models;
    this.#apiRoot = apiRoot;
    this.#domainEnabled = domainEnabled;
    if (apiRootRewriteHeader) this.#anyRoot = domainEnabled ? /\/(?=[^/]+\/api\/v3\/)/ : /\/(?=api\/v3\/)/;
  }

  /** The model and id meant by an href or PRN; throws Refused with Pulp's words. */
  read(text: string): Named {
    return text.startsWith('prn:') ? this.#readPrn(text) : this.#readHref(text);
  }

  #readPrn(text: string): Named {
    const parts = text.split(':');
    const [, label, id] = parts;
    if (parts.length !== 3 || !label || !id || !label.includes('.')) {
      throw new Refused(`PRN must be of the form 'prn:app_label.model_label:pk': ${text}`);
    }
    const model = this.#models.byLabel(label);
    if (!model) throw new Refused(`Model ${label.replace('.', ' ').split(' ').join('.')} does not exist`);
    if (model.key === undefined && !isUuid(id)) throw new Refused(`“${id}” is not a valid UUID.`);
    return { model, id };
  }

  #readHref(text: string): Named {
    const relative = this.relativePath(text);
    const named = relative === undefined ? undefined : this.#matchPath(relative);
    if (!named) throw new Refused('Invalid hyperlink - No URL match.');
    return named;
  }

  /** Path below the API root without domain, or undefined when the text is no href of this server. */
  relativePath(text: string): string | undefined {
    let path = text;
    const scheme = /^https?:\/\/[^/]+/i.exec(text);
    if (scheme) path = text.slice(scheme[0].length);
    const below = this.#belowRoot(path);
    if (below === undefined) return undefined;
    path = below.split('?', 1)[0]!;
    if (this.#domainEnabled && !path.startsWith('api/v3/')) path = path.slice(path.indexOf('/') + 1);
    return path.startsWith('api/v3/') ? path.slice('api/v3/'.length) : undefined;
  }

  /** The domain named in an href, where domains are enabled. */
  domainOf(text: string): string | undefined {
    if (!this.#domainEnabled || text.startsWith('prn:')) return undefined;
    const at = text.indexOf(this.#apiRoot);
    const rest = (this.#anyRoot ? this.#belowRoot(text) : at < 0 ? '' : text.slice(at + this.#apiRoot.length)) ?? '';
    return rest.startsWith('api/v3/') ? 'default' : rest.split('/', 1)[0];
  }

  #belowRoot(path: string): string | undefined {
    if (path.startsWith(this.#apiRoot)) return path.slice(this.#apiRoot.length);
    const found = this.#anyRoot?.exec(path);
    return found ? path.slice(found.index + 1) : undefined;
  }

  #matchPath(path: string): Named | undefined {
    const parts = path.replace(/\/$/, '').split('/');
    const last = parts.at(-1) ?? '';
    const parent = parts.slice(0, -1).join('/');
    const model = this.#models.byPath(parent);
    if (model) {
      const valid = model.key === undefined ? isUuid(last) : /^\d+$/.test(last);
      return valid ? { model, id: last } : undefined;
    }
    return matchNested(this.#models, parts);
  }
}

/** `<repository href>versions/<number>/` and other nested paths such as `<exporter>exports/<id>/`. */
function matchNested(models: Models, parts: string[]): Named | undefined {
  const last = parts.at(-1) ?? '';
  const word = parts.at(-2) ?? '';
  const parentId = parts.at(-3) ?? '';
  const parent = models.byPath(parts.slice(0, -3).join('/'));
  if (!parent) return undefined;
  if (word === 'versions' && parent.table === 'repository' && /^\d+$/.test(last) && isUuid(parentId)) {
    return { model: models.byLabel('core.repositoryversion')!, id: parentId, number: Number(last) };
  }
  const model = models.byPath(`${parent.path}/*/${word}`);
  return model && (isUuid(last) || /^\d+$/.test(last)) ? { model, id: last } : undefined;
}

/** Whether a model is one of the targets: a table (any of its types) or a label. */
export function fits(model: Model, target: ReferenceTarget): boolean {
  const targets = typeof target === 'string' ? [target] : target;
  return targets.some((one) => one === model.table || one === labelOf(model));
}

/** Condition that picks the row a name means; versions are found by repository and number. */
export function conditionFor(named: Named, alias: string): Sql {
  const t = sql.raw(alias);
  if (named.number !== undefined) {
    return sql`${t}.number = ${named.number} and ${t}.repository_id = (select id from repository where pulp_id = ${named.id})`;
  }
  const key = sql.raw(named.model.key ?? 'pulp_id');
  const type = named.model.pulpType ? sql` and ${t}.pulp_type = ${named.model.pulpType}` : sql.empty;
  return sql`${t}.${key} = ${named.id}${type}`;
}

/** Finds the row a name means, of this domain unless the model has none. Returns undefined when it is not there. */
export async function findNamed(
  db: Queryable,
  domain: Domain,
  named: Named,
): Promise<Record<string, unknown> | undefined> {
  const row = await findAnywhere(db, named);
  return row && isInDomain(named.model, row, domain) ? row : undefined;
}

/** Whether a row that was found belongs to a domain, or to none at all. */
export function isInDomain(model: Model, row: Record<string, unknown>, domain: Domain): boolean {
  return model.inDomain === false || row.domain_id === domain.id;
}

/** The object that an href or PRN means, in whatever domain it is; `domain_id` tells which. */
export async function findAnywhere(db: Queryable, named: Named): Promise<Record<string, unknown> | undefined> {
  const table = sql.ident(named.model.table);
  if (named.model.table === 'repository_version') {
    return await db.row(sql`select t.*, r.pulp_type as repository_type, r.pulp_id as repository_pulp_id, r.domain_id
      from repository_version t join repository r on r.id = t.repository_id
      where ${conditionFor(named, 't')} and t.complete`);
  }
  return await db.row(sql`select t.* from ${table} t where ${conditionFor(named, 't')}`);
}
