/** The REST resource of Python remotes: which projects, versions and files of an index are wanted. */
import { readFile } from 'node:fs/promises';
import { messageOf, ValidationError } from '../../../lib/errors.ts';
import {
  type Action,
  boolean,
  choice,
  type Field,
  file,
  integer,
  type LiveFile,
  list,
  remoteType,
  string,
  type Values,
} from '../../../plugin-api/index.ts';
import { readMirrorConfig } from '../formats/bandersnatch-config.ts';
import { InvalidRequirement, parseRequirement } from '../formats/requirement.ts';
import { remoteAccess } from './access.ts';
import { PACKAGE_TYPES } from './package-filters.ts';

export const PLATFORMS = ['windows', 'macos', 'freebsd', 'linux'] as const;
const POLICIES = { enumName: 'Policy692Enum', choices: ['immediate', 'on_demand', 'streamed'], default: 'on_demand' };
const LARGEST_CONFIG = 1024 * 1024;

const optionalList = (items: Field, help: string): Field =>
  list(items, {
    help,
    required: false,
    detail: true,
    default: [],
    hiddenDefault: true,
  });

const fields: Readonly<Record<string, Field>> = {
  includes: optionalList(string(), 'Projects that are wanted, with the versions that are; empty is all.'),
  excludes: optionalList(string(), 'Projects or versions that are not wanted.'),
  prereleases: boolean({
    help: 'Whether prereleases are wanted.',
    required: false,
    detail: true,
    default: false,
    hiddenDefault: true,
  }),
  package_types: optionalList(
    choice('PackageTypesEnum', PACKAGE_TYPES),
    'Kinds of packages that are wanted; empty is all.',
  ),
  keep_latest_packages: integer({
    help: 'How many of the newest versions are wanted; 0 is all.',
    default: 0,
    detail: true,
  }),
  exclude_platforms: optionalList(choice('ExcludePlatformsEnum', PLATFORMS), 'Platforms whose files are not wanted.'),
  provenance: boolean({ help: 'Whether provenance is fetched.', default: false, detail: true }),
};

function checkSpecifiers(values: Values): Values {
  for (const name of ['includes', 'excludes'] as const) {
    for (const text of (values[name] as string[] | undefined) ?? []) checkSpecifier(name, text);
  }
  return values;
}

function checkSpecifier(name: string, text: string): void {
  try {
    parseRequirement(text);
  } catch (error) {
    if (!(error instanceof InvalidRequirement)) throw error;
    throw ValidationError.field(name, `${name} specifier ${text} is invalid. ${error.message}`);
  }
}

const fromBandersnatch: Action = {
  name: 'from_bandersnatch',
  method: 'post',
  detail: false,
  summary: 'Create from Bandersnatch',
  description: 'Makes a remote of the configuration file of the mirror tool bandersnatch.',
  input: {
    component: 'PythonBanderRemote',
    fields: {
      config: file({ help: 'The configuration file.', required: true, format: 'binary' }),
      name: string({ help: 'Name of the new remote.' }),
      policy: choice(POLICIES.enumName, POLICIES.choices, { help: 'When bytes are fetched.', default: 'on_demand' }),
    },
  },
  media: ['application/x-www-form-urlencoded', 'multipart/form-data'],
  output: { 201: { component: 'python.PythonRemote' } },
  run: async (request, _target, input) => {
    const config = await readConfig(input.config as LiveFile);
    const { url, workers, ...rest } = config;
    const { name, policy } = input;
    const values = { name, policy, url, download_concurrency: workers, ...detailsOf(rest) };
    return (await request.create(pythonRemote, values)).answer;
  },
};

async function readConfig({ temp }: LiveFile) {
  if (temp.size > LARGEST_CONFIG) throw ValidationError.field('config', 'The file is too large.');
  try {
    return readMirrorConfig(await readFile(temp.path, 'utf8'));
  } catch (error) {
    throw ValidationError.field('config', `The configuration cannot be read: ${messageOf(error)}`);
  }
}

function detailsOf(config: Omit<ReturnType<typeof readMirrorConfig>, 'url' | 'workers'>): Values {
  const known = (list: readonly string[], words: readonly string[]) => list.filter((word) => words.includes(word));
  return {
    includes: config.includes,
    excludes: config.excludes,
    prereleases: config.prereleases,
    package_types: known(config.packageTypes, PACKAGE_TYPES),
    keep_latest_packages: config.keepLatest,
    exclude_platforms: known(config.excludePlatforms, PLATFORMS),
    provenance: false,
  };
}

export const pythonRemote = remoteType({
  app: 'python',
  name: 'PythonRemote',
  type: 'python',
  description: 'Upstream indexes of Python packages.',
  policies: POLICIES,
  access: remoteAccess,
  fields,
  validate: checkSpecifiers,
  actions: [fromBandersnatch],
});
