/** Certificate guards: content for clients with a certificate. No content of its own. */
import { definePlugin } from '../../plugin-api/index.ts';
import { rhsmGuard, x509Guard } from './resources.ts';

export const certguardPlugin = definePlugin({
  name: 'certguard',
  version: '3.123.1',
  package: 'pulpcore',
  module: 'pulp_certguard.app',
  guards: [x509Guard, rhsmGuard],
});
