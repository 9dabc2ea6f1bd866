/** `docs/api.json`, `docs/api.yaml` and the page `docs/`: the document of the API, made from its declarations. */
import { HttpError } from '../../../../lib/errors.ts';
import type { Answer, RequestContext } from '../../../../plugin-api/contracts/context.ts';
import type { Resource } from '../../../../plugin-api/declare/resource.ts';
import type { Endpoint } from '../../../endpoints/endpoint.ts';
import { buildDocument, type DocumentOptions } from '../build-document.ts';
import type { ExtraOperation, Parameter } from '../extra-operation.ts';
import { answerText } from './answer-text.ts';
import { documentPage } from './document-page.ts';
import { DocumentStore } from './document-store.ts';
import { documentJson, documentYaml } from './serialize-document.ts';

/** What documents are made from. */
export interface DocumentSource {
  readonly resources: readonly Resource[];
  /** Asked when a document is made, so that these endpoints can be among them. */
  readonly extras: () => readonly ExtraOperation[];
  readonly options: Pick<DocumentOptions, 'apiRoot' | 'domainEnabled' | 'roleActions' | 'versions'>;
}

const JSON_TYPE = 'application/vnd.oai.openapi+json';
const YAML_TYPE = 'application/vnd.oai.openapi';

const FORMS = {
  json: {
    write: documentJson,
    headers: { 'Content-Type': JSON_TYPE, 'Content-Disposition': 'inline; filename="api.json"' },
  },
  yaml: {
    write: documentYaml,
    headers: { 'Content-Type': `${YAML_TYPE}; charset=utf-8`, 'Content-Disposition': 'inline; filename="api.yaml"' },
  },
  html: {
    write: documentPage,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
  },
} as const;

/** Languages that clients of Pulp may ask for; the document itself has one. */
const LANGUAGES =
  'af ar ar-dz ast az be bg bn br bs ca ckb cs cy da de dsb el en en-au en-gb eo es es-ar es-co es-mx es-ni es-ve et eu fa fi fr ' +
  'fy ga gd gl he hi hr hsb hu hy ia id ig io is it ja ka kab kk km kn ko ky lb lt lv mk ml mn mr ms my nb ne nl nn os pa pl pt ' +
  'pt-br ro ru sk sl sq sr sr-latn sv sw ta te tg th tk tr tt udm ug uk ur uz vi zh-hans zh-hant';

const language: Parameter = {
  in: 'query',
  name: 'lang',
  description: 'Accepted; there is one language.',
  schema: { type: 'string', enum: LANGUAGES.split(' ') },
};

export function documentEndpoints(source: DocumentSource): Endpoint[] {
  const store = new DocumentStore();
  const handler = (form: keyof typeof FORMS) => async (request: RequestContext) =>
    await answer(source, store, form, request);
  const common = { method: 'get', open: true, withoutDomain: true } as const;
  const output = { 200: { schema: { type: 'object' } } };
  return [
    {
      ...common,
      path: 'docs/api.json',
      operationId: 'docs_api.json_get',
      tag: 'Docs: Api.Json',
      summary: 'This document as JSON',
      output,
      outputMedia: [JSON_TYPE, 'application/json'],
      parameters: [language],
      handler: handler('json'),
    },
    {
      ...common,
      path: 'docs/api.yaml',
      operationId: 'docs_api.yaml_get',
      tag: 'Docs: Api.Yaml',
      summary: 'This document as YAML',
      output,
      outputMedia: [YAML_TYPE, 'application/yaml'],
      parameters: [language],
      handler: handler('yaml'),
    },
    ...['docs', 'swagger'].map((page) => ({
      ...common,
      path: `${page}/`,
      operationId: page,
      tag: 'Docs',
      output: { 200: null },
      undocumented: true,
      handler: handler('html'),
    })),
  ];
}

async function answer(
  source: DocumentSource,
  store: DocumentStore,
  form: keyof typeof FORMS,
  request: RequestContext,
): Promise<Answer> {
  const options = form === 'html' ? { ...source.options, pkPath: true } : askedFor(source, request);
  const { only = [], bindings = false, pkPath = false, server = '' } = options;
  const { write, headers } = FORMS[form];
  const key = [form, only.join(), bindings, pkPath, server].join(' ');
  const text = await store.get(key, () => write(buildDocument(source.resources, source.extras(), options)));
  return answerText(text, headers, request);
}

/** The variant that the query asks for. */
function askedFor(source: DocumentSource, request: RequestContext): DocumentOptions {
  const { query } = request;
  if (query.has('plugin')) throw new HttpError(400, "'plugin' has been removed. Use 'component' instead.");
  const only = query.get('component')?.split(',').sort();
  if (only?.some((name) => !Object.hasOwn(source.options.versions, name))) {
    throw new HttpError(400, 'Invalid component specified.');
  }
  return {
    ...source.options,
    ...(only !== undefined && { only: [...new Set(only)] }),
    bindings: query.has('bindings'),
    pkPath: query.has('pk_path'),
    server: `${request.origin}/`,
  };
}
