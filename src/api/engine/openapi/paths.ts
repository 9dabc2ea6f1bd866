/** Keys of the document's paths: by href names, as clients of the API expect, or by ids (`pk_path=1`). */
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import type { Parameter } from './extra-operation.ts';

export interface PathStyle {
  /** `/pulp/` */
  readonly apiRoot: string;
  readonly domainEnabled: boolean;
  /** Paths as they are requested instead of href names. */
  readonly pkPath: boolean;
}

export interface PathKey {
  readonly key: string;
  readonly parameters: readonly Parameter[];
}

const DOMAIN: Parameter = {
  in: 'path',
  name: 'pulp_domain',
  required: true,
  schema: { type: 'string' },
  'x-isDomain': true,
  description: 'Name of the domain.',
};

/** A path below the API prefix. */
export function apiPath(path: string, style: PathStyle, withoutDomain = false): PathKey {
  const inDomain = style.domainEnabled && !withoutDomain;
  return {
    key: `${style.apiRoot}${inDomain ? '{pulp_domain}/' : ''}api/v3/${path}`,
    parameters: inDomain ? [DOMAIN] : [],
  };
}

/** A path from the root of the server, where `{pulp_domain}/` may be left out. */
export function serverPath(path: string, style: PathStyle): PathKey {
  if (!path.includes('{pulp_domain}/')) return { key: path, parameters: [] };
  if (style.domainEnabled) return { key: path, parameters: [DOMAIN] };
  return { key: path.replace('{pulp_domain}/', ''), parameters: [] };
}

export function collectionPath(resource: Resource, style: PathStyle): PathKey {
  const { path } = resource.model;
  if (!resource.parentHref) return apiPath(`${path}/`, style);
  if (!style.pkPath) {
    const word = path.slice(path.lastIndexOf('/') + 1);
    return { key: `{${resource.parentHref}}${word}/`, parameters: [hrefParameter(resource.parentHref)] };
  }
  const parent = parentParameter(path);
  const found = apiPath(`${path.replace('*', `{${parent.name}}`)}/`, style);
  return { key: found.key, parameters: [...found.parameters, parent] };
}

export function detailPath(resource: Resource, style: PathStyle): PathKey {
  if (!style.pkPath) return { key: `{${resource.hrefName}}`, parameters: [hrefParameter(resource.hrefName)] };
  const collection = collectionPath(resource, style);
  const id = idParameter(resource.table.key);
  return { key: `${collection.key}{${id.name}}/`, parameters: [...collection.parameters, id] };
}

/** Path parameters for names in braces that have none yet. */
export function namesInPath(key: string, known: readonly Parameter[]): Parameter[] {
  const names = [...key.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]!);
  return names
    .filter((name) => !known.some((parameter) => parameter.name === name))
    .map((name) => ({ in: 'path', name, required: true, schema: { type: 'string' } }));
}

function hrefParameter(name: string): Parameter {
  return { in: 'path', name, required: true, schema: { type: 'string' }, description: 'The href of the object.' };
}

const INTEGER = { type: 'integer', format: 'int64' };
const UUID = { type: 'string', format: 'uuid' };

/** `repositories/file/file/*` → `{repository_pk}` */
function parentParameter(path: string): Parameter {
  const [master = ''] = path.split('/');
  const name = `${master.replace(/ies$/, 'y').replace(/s$/, '')}_pk`;
  const schema = master === 'users' || master === 'groups' ? INTEGER : UUID;
  return { in: 'path', name, required: true, schema, description: 'The id of the object this belongs to.' };
}

function idParameter(key: string): Parameter {
  const schema = key === 'pulp_id' ? UUID : INTEGER;
  return { in: 'path', name: key, required: true, schema, description: 'The id of the object.' };
}
