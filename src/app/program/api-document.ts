/** The document of the API as text, for those without a running server. */
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { buildDocument, type DocumentOptions } from '../../api/engine/openapi/build-document.ts';
import { documentJson, documentYaml } from '../../api/engine/openapi/serve/serialize-document.ts';
import type { Settings } from '../../config/settings.ts';
import { apiEndpoints, documentOptions, liveOperations } from './api.ts';
import { allResources } from './resources.ts';

export interface DocumentRequest extends Pick<DocumentOptions, 'only' | 'bindings' | 'pkPath'> {
  readonly form: 'json' | 'yaml';
}

export function apiDocument(settings: Pick<Settings, 'apiRoot' | 'domainEnabled'>, request: DocumentRequest): string {
  const { form, ...asked } = request;
  const endpoints = apiEndpoints(new VerifiedPasswords(), settings);
  const document = buildDocument(allResources(), [...endpoints, ...liveOperations()], {
    ...documentOptions(settings),
    ...asked,
  });
  return form === 'yaml' ? documentYaml(document) : `${documentJson(document, 1)}\n`;
}

/** Names that `component` can have. */
export function documentComponents(): string[] {
  return Object.keys(documentOptions({ apiRoot: '/pulp/', domainEnabled: false }).versions);
}
