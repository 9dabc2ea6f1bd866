/** Keyrings: repositories of OpenPGP public keys. Part of the core to clients. */
import {
  customFilter,
  declareDistribution,
  declareRepository,
  definePlugin,
  sql,
  versionIdCondition,
} from '../../plugin-api/index.ts';
import { keyringContent, publicKeyType } from './content.ts';
import { readKeyUpload } from './declare-key.ts';
import { serveKeys } from './serve.ts';

const keyring = declareRepository({
  app: 'core',
  name: 'OpenPGPKeyring',
  type: 'openpgp_keyring',
  pulpType: 'core.openpgp',
  description: 'Repositories of OpenPGP public keys.',
});

const distribution = declareDistribution({
  app: 'core',
  name: 'OpenPGPDistribution',
  type: 'openpgp',
  description: 'Serves the keys of a keyring.',
  hasRoles: false,
});

export const openpgpPlugin = definePlugin({
  name: 'core-openpgp',
  partOfCore: true,
  version: '3.123.1',
  package: 'pulpcore',
  module: 'pulpcore.app',
  contentTypes: keyringContent,
  uploads: [{ content: publicKeyType, read: readKeyUpload }],
  resources: [
    keyring,
    {
      ...distribution,
      filters: {
        with_content: distribution.filters.with_content!,
        repository_version: customFilter(
          async (value, request) =>
            await versionIdCondition('repository_version', value, request, sql.raw('t.repository_version_id')),
        ),
      },
    },
  ],
  repositories: [{ pulpType: 'core.openpgp', contentTypes: keyringContent, checkPaths: false }],
  publications: [],
  distributions: [{ pulpType: 'core.openpgp', servesPublications: false, serve: serveKeys }],
  migrations: new URL('./migrations/', import.meta.url),
});
