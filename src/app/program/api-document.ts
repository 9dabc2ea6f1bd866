/** The document of the API as text, for those without a running server. */
import { VerifiedPasswords } from '../../access/identities/verified-passwords.ts';
import { buildDocument, type DocumentOptions } from '../../api/engine/openapi/build-document.ts';
import { documentJson, documentYaml } from '../../api/engine/openapi/serve/serialize-document.ts';
import type { Settings } from '../../config/settings.ts';
import { apiEndpoints, documentOptions, liveOperations } from './api.ts';
import type { Program } from './program.ts';

interface DocumentRequest extends Pick<DocumentOptions, 'only' | 'bindings' | 'pkPath'> {
  readonly form: 'json' | 'yaml';
}

export function apiDocument(
  program: Program,
  settings: Pick<Settings, 'apiRoot' | 'domainEnabled'>,
  request: DocumentRequest,
): string {
  const { form, ...asked } = request;
  const endpoints = apiEndpoints(program, new VerifiedPasswords(), settings);
  const document = buildDocument(program.resources, [...endpoints, ...liveOperations(program)], {
    ...documentOptions(program, settings),
    ...asked,
  });
  return form === 'yaml' ? documentYaml(document) : `${documentJson(document, 1)}\n`;
}

/** Names that `component` can have. */
export function documentComponents(program: Program): string[] {
  return program.versions.map(({ component }) => component);
}
