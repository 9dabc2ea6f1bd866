/** Puts the settings together: command flag, then DECKLE_ and PULP_ environment, then TOML file, then default. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'smol-toml';
import { refusals } from './check-settings.ts';
import { checkValue, InvalidValue, isTable, readText, valueFromText } from './parse-value.ts';
import { camelCase, type Declarations, type Setting, type Table } from './setting.ts';
import { declarations as coreDeclarations, type Settings } from './settings.ts';

interface SettingSources {
  /** Flags by setting name; `config` is the file. */
  flags?: Readonly<Record<string, string | boolean | undefined>>;
  env?: Readonly<Record<string, string | undefined>>;
  /** All settings there are; those of the core unless given. */
  declarations?: Declarations;
}

export interface LoadedSettings {
  settings: Settings;
  readonly declarations: Declarations;
  /** Where each value comes from, in words. */
  sources: Readonly<Record<string, string>>;
  /** The configuration file, if one was read. */
  file: string | undefined;
}

/** The settings cannot be used; each message names the setting and the source. */
export class SettingsError extends Error {
  readonly messages: readonly string[];
  constructor(messages: readonly string[]) {
    super(messages.join('\n'));
    this.name = 'SettingsError';
    this.messages = messages;
  }
}

export function loadSettings({
  flags = {},
  env = process.env,
  declarations = coreDeclarations,
}: SettingSources = {}): LoadedSettings {
  const file = configFile(flags, env);
  const fromFile = file === undefined ? {} : readConfigFile(file);
  const problems: string[] = unknownNames(declarations, flags, env, fromFile, file);
  const values: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [name, setting] of Object.entries(declarations)) {
    try {
      const [value, source] = findValue(name, setting, flags, env, fromFile, file);
      values[camelCase(name)] = value;
      sources[name] = source;
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new SettingsError(problems);
  const settings = complete(values as unknown as Settings);
  const refused = refusals(settings, declarations);
  if (refused.length > 0) throw new SettingsError(refused);
  return { settings, declarations, sources, file };
}

/** Paths are made absolute here, so that no part depends on the current directory later. */
function complete(settings: Settings): Settings {
  const data = resolve(settings.data);
  return Object.freeze({
    ...settings,
    data,
    databaseUrl: settings.databaseUrl || databaseUrlOfPeer(settings.databases),
    mediaRoot: resolve(data, settings.mediaRoot || 'media'),
    workingDirectory: resolve(data, settings.workingDirectory || 'tmp'),
    chunkedUploadDir: resolve(data, settings.chunkedUploadDir),
  });
}

/** DATABASES.default of Pulp as one URL; empty when it is not set. */
function databaseUrlOfPeer(databases: Table): string {
  const entry = databases.default;
  if (!isTable(entry)) return '';
  const part = (name: string) => encodeURIComponent(String(entry[name] ?? ''));
  const credentials = entry.PASSWORD === undefined ? part('USER') : `${part('USER')}:${part('PASSWORD')}`;
  const options = isTable(entry.OPTIONS) ? entry.OPTIONS : {};
  const query = Object.entries({ host: entry.HOST ?? 'localhost', port: entry.PORT ?? 5432, ...options })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return `postgresql://${credentials}@/${part('NAME') || 'pulp'}?${query.join('&')}`;
}

function configFile(flags: SettingSources['flags'], env: NonNullable<SettingSources['env']>): string | undefined {
  const named = flags?.config ?? env.DECKLE_CONFIG;
  if (typeof named === 'string' && named !== '') return resolve(named);
  // Pulp's variable may name a Python file, which is not for us.
  return env.PULP_SETTINGS?.endsWith('.toml') ? resolve(env.PULP_SETTINGS) : undefined;
}

function readConfigFile(file: string): Table {
  try {
    const parsed = parse(readFileSync(file, 'utf8'));
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), value]));
  } catch (error) {
    throw new SettingsError([`The configuration file ${file} cannot be read: ${(error as Error).message}`]);
  }
}

/** Variables with our prefix that are not settings. */
const otherVariables = /^DECKLE_(CONFIG$|TEST_)/;

/** `DECKLE_REMOTE_DEFAULTS__proxy_url` to `remote_defaults`. */
function envName(variable: string): string {
  return variable.slice('DECKLE_'.length).split('__')[0]?.toLowerCase() ?? '';
}

function unknownNames(
  declarations: Declarations,
  flags: object,
  env: object,
  fromFile: Table,
  file: string | undefined,
): string[] {
  const entries = Object.entries(declarations);
  const known = new Set([...entries.map(([name]) => name), ...entries.map(([name, one]) => peerPath(name, one)[0]!)]);
  return [
    ...Object.keys(flags)
      .filter((name) => name !== 'config' && !known.has(name))
      .map((name) => `Unknown option --${name.replaceAll('_', '-')}`),
    ...Object.keys(env)
      .filter((name) => name.startsWith('DECKLE_') && !otherVariables.test(name) && !known.has(envName(name)))
      .map((name) => `Unknown setting in environment ${name}`),
    ...Object.keys(fromFile)
      .filter((name) => !known.has(name))
      .map((name) => `Unknown setting ${name} in ${file}`),
  ];
}

/** Pulp's name in lower case, split where it is nested. */
function peerPath(name: string, setting: Setting<unknown>): string[] {
  return (setting.peerName ?? name).toLowerCase().split('__');
}

function findValue(
  name: string,
  setting: Setting<unknown>,
  flags: NonNullable<SettingSources['flags']>,
  env: NonNullable<SettingSources['env']>,
  fromFile: Table,
  file: string | undefined,
): [value: unknown, source: string] {
  const flag = flags[name];
  if (flag !== undefined) {
    const source = `option --${name.replaceAll('_', '-')}`;
    return [explain(source, () => valueFromText(setting, String(flag))), source];
  }
  const inFile = fileValue(name, setting, fromFile);
  if (setting.type === 'table') return tableValue(name, setting, env, inFile, file);
  for (const variable of variables(name, setting)) {
    const text = env[variable];
    if (text === undefined) continue;
    return [explain(`environment ${variable}`, () => valueFromText(setting, text)), `environment ${variable}`];
  }
  if (inFile === undefined) return [setting.default, 'default'];
  return [explain(`${name} in ${file}`, () => checkValue(setting, inFile)), `file ${file}`];
}

function variables(name: string, setting: Setting<unknown>): string[] {
  return [`DECKLE_${name.toUpperCase()}`, `PULP_${setting.peerName ?? name.toUpperCase()}`];
}

function fileValue(name: string, setting: Setting<unknown>, fromFile: Table): unknown {
  if (name in fromFile) return fromFile[name];
  let value: unknown = fromFile;
  for (const part of peerPath(name, setting)) {
    if (!isTable(value)) return undefined;
    value = Object.entries(value).find(([key]) => key.toLowerCase() === part)?.[1];
  }
  return value;
}

/** Tables are laid over each other: file, then PULP_NAME and PULP_NAME__a__b, then the same with DECKLE_. */
function tableValue(
  name: string,
  setting: Setting<unknown>,
  env: NonNullable<SettingSources['env']>,
  inFile: unknown,
  file: string | undefined,
): [value: unknown, source: string] {
  let value: Table = setting.default as Table;
  const used: string[] = [];
  if (inFile !== undefined) {
    value = explain(`${name} in ${file}`, () => checkValue(setting, inFile)) as Table;
    used.push(`file ${file}`);
  }
  for (const variable of variables(name, setting).reverse()) {
    const whole = env[variable];
    if (whole !== undefined) {
      value = merge(value, explain(`environment ${variable}`, () => valueFromText(setting, whole)) as Table);
      used.push(`environment ${variable}`);
    }
    for (const [key, text] of Object.entries(env)) {
      if (text === undefined || !key.startsWith(`${variable}__`)) continue;
      const path = key.slice(variable.length + 2).split('__');
      const nested = path.reduceRight<unknown>((inner, part) => ({ [part]: inner }), readText(text));
      value = merge(value, nested as Table);
      used.push(`environment ${key}`);
    }
  }
  return [Object.freeze(value), used.length > 0 ? used.join(', ') : 'default'];
}

function merge(below: Table, above: Table): Table {
  const merged: Record<string, unknown> = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const old = merged[name];
    merged[name] = isTable(old) && isTable(value) ? merge(old, value) : value;
  }
  return merged;
}

function explain<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(`Setting ${source} ${error.message}`);
    throw error;
  }
}
