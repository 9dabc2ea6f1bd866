/** The REST resource of Python remotes: which projects, versions and files of an index are wanted. */
import { readFile } from 'node:fs/promises';
import { messageOf, ValidationError } from '../../../lib/errors.ts';
import { uuid7 } from '../../../lib/text/uuid7.ts';
import {
  type Action,
  boolean,
  choice,
  declareRemote,
  type Field,
  file,
  integer,
  type LiveFile,
  list,
  sql,
  string,
  type Values,
} from '../../../plugin-api/index.ts';
import { readMirrorConfig } from '../formats/bandersnatch-config.ts';
import { InvalidRequirement, parseRequirement } from '../formats/requirement.ts';
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
    const taken = await request.db.row(
      sql`select 1 as found from remote where domain_id = ${request.domain.id} and name = ${input.name}`,
    );
    if (taken) throw ValidationError.field('name', 'This field must be unique.');
    const id = uuid7();
    const { url, workers, ...rest } = config;
    await request.db.run(sql`insert into remote (pulp_id, domain_id, pulp_type, name, url, policy, download_concurrency, details)
      values (${id}, ${request.domain.id}, 'python.python', ${input.name}, ${url}, ${input.policy}, ${workers}, ${sql.json(detailsOf(rest))})`);
    const body = await request.services.present(request.domain, 'python.pythonremote', id);
    return { status: 201, body, headers: { Location: String(body?.pulp_href) } };
  },
};

async function readConfig({ temp }: LiveFile) {
  if (temp.size > LARGEST_CONFIG) throw ValidationError.field('config', 'The file is too large.');
  try {
    const config = readMirrorConfig(await readFile(temp.path, 'utf8'));
    checkSpecifiers({ includes: config.includes, excludes: config.excludes });
    return config;
  } catch (error) {
    if (error instanceof ValidationError) throw error;
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

export const pythonRemote = declareRemote({
  app: 'python',
  name: 'PythonRemote',
  type: 'python',
  description: 'Upstream indexes of Python packages.',
  policies: POLICIES,
  fields,
  validate: checkSpecifiers,
  actions: [fromBandersnatch],
});
