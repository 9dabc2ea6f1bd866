/** Keyrings: repositories of OpenPGP public keys. Part of the core to clients. */
import {
  customFilter,
  definePlugin,
  distributionType,
  repositoryType,
  sql,
  versionIdCondition,
} from '../../plugin-api/index.ts';
import { keyringContent, publicKeyType } from './content.ts';
import { readKeyUpload } from './declare-key.ts';
import { keptKeys, serveKeys } from './serve.ts';

const keyring = repositoryType({
  app: 'core',
  name: 'OpenPGPKeyring',
  type: 'openpgp_keyring',
  pulpType: 'core.openpgp',
  description: 'Repositories of OpenPGP public keys.',
  content: keyringContent,
  checkPaths: 'none',
});

const distribution = distributionType({
  app: 'core',
  name: 'OpenPGPDistribution',
  type: 'openpgp',
  description: 'Serves the keys of a keyring.',
  hasRoles: false,
  withoutFilters: ['name', 'base_path', 'repository', 'checkpoint'],
  filters: {
    repository_version: customFilter(
      async (value, request) =>
        await versionIdCondition('repository_version', value, request, sql.raw('t.repository_version_id')),
    ),
  },
  serve: serveKeys,
  keeps: keptKeys,
});

export const openpgpPlugin = definePlugin({
  name: 'core-openpgp',
  partOfCore: true,
  version: '3.123.1',
  package: 'pulpcore',
  module: 'pulpcore.app',
  contentTypes: keyringContent,
  uploads: [{ content: publicKeyType, read: readKeyUpload }],
  repositories: [keyring],
  distributions: [distribution],
  migrations: new URL('./migrations/', import.meta.url),
});
