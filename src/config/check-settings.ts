/** Combinations of settings with which the server refuses to start, in words. */
import { accessSync, constants } from 'node:fs';
import { messageOf } from '../lib/errors.ts';
import { chosenStorage } from './chosen-storage.ts';
import { camelCase, type Declarations } from './setting.ts';
import type { Settings } from './settings.ts';

/** Messages for everything that is wrong; none when the settings can be used. */
export function refusals(settings: Settings, declarations: Declarations): string[] {
  const problems: string[] = [];
  const refuse = (bad: boolean, message: string) => {
    if (bad) problems.push(message);
  };
  for (const [name, { form }] of Object.entries(declarations)) {
    const value = settings[camelCase(name) as keyof Settings];
    if (form) refuse(!form.matches.test(String(value)), `Setting ${name} ${form.words}, not ${JSON.stringify(value)}`);
  }
  refuse(
    !settings.allowedContentChecksums.includes('sha256'),
    'Setting allowed_content_checksums must contain sha256, which names the artifacts in storage',
  );
  refuse(
    settings.authenticationJsonHeader !== '' && !settings.authenticationJsonHeader.startsWith('HTTP_'),
    'Setting authentication_json_header must have the form HTTP_X_NAME',
  );
  refuse(
    settings.authenticationJsonHeaderJqFilter !== '' && !settings.authenticationJsonHeaderJqFilter.startsWith('.'),
    'Setting authentication_json_header_jq_filter must begin with a dot',
  );
  refuse(
    settings.contentOrigin !== null && !/^https?:\/\/[^/]+\/?$/.test(settings.contentOrigin),
    'Setting content_origin must be scheme and host, such as https://packages.example.com, or null',
  );
  refuse(
    settings.databaseUrl !== '' && !/^(postgres(ql)?:\/\/|socket:|\/)/.test(settings.databaseUrl),
    'Setting database_url must begin with postgresql://',
  );
  refuse(
    (settings.tlsCertificate === '') !== (settings.tlsKey === ''),
    'Settings tls_certificate and tls_key must be given together',
  );
  refuse(
    settings.testPlugins !== '' && !settings.testTasks,
    'Setting test_plugins is for tests: it is taken only with test_tasks',
  );
  for (const [name, file] of [
    ['db_encryption_key', settings.dbEncryptionKey],
    ['tls_certificate', settings.tlsCertificate],
    ['tls_key', settings.tlsKey],
    ['tls_client_ca', settings.tlsClientCa],
  ] as const) {
    refuse(file !== '' && !isReadable(file), `Setting ${name}: the file ${file} cannot be read`);
  }
  for (const name of ['bind', 'metricsBind'] as const) {
    const value = settings[name];
    if (value === '' && name === 'metricsBind') continue;
    refuse(
      parseBind(value) === undefined,
      `Setting ${name === 'bind' ? 'bind' : 'metrics_bind'} must be an address and a port such as 127.0.0.1:8080, not ${JSON.stringify(value)}`,
    );
  }
  try {
    chosenStorage(settings);
  } catch (error) {
    problems.push(messageOf(error));
  }
  return problems;
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

export interface BindAddress {
  host: string;
  port: number;
}

/** `127.0.0.1:8080`, `[::]:8080`, `:8080` (all addresses) taken apart. */
export function parseBind(text: string): BindAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port > 65535 ? undefined : { host: match[1] ?? (match[2] || '::'), port };
}
