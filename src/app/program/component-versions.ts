/** Versions of components that this program is compatible with: reported by the status, and compared with those that tasks ask for. */
import type { ComponentVersion } from '../../api/endpoints/status.ts';
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import { PROGRAM } from '../../tasking/queue/program-name.ts';
import { versionNumber } from '../processes/program-version.ts';

/** The Pulp release whose API and task names this program has. */
export const componentVersions: Readonly<Record<string, string>> = {
  core: '3.123.1',
  [PROGRAM]: versionNumber(),
};

const CORE: ComponentVersion = {
  component: 'core',
  version: componentVersions.core!,
  package: 'pulpcore',
  module: 'pulpcore.app',
  domain_compatible: true,
};

/** The list `versions` of the status. */
export function reportedVersions(plugins: readonly Plugin[]): ComponentVersion[] {
  return [
    CORE,
    ...plugins
      .filter((plugin) => !plugin.partOfCore)
      .map((plugin) => ({
        component: plugin.name,
        version: plugin.version,
        package: plugin.package,
        module: plugin.module,
        domain_compatible: true,
      })),
  ];
}
