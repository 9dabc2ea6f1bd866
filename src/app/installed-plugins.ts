/** The package types of this server: two lines for each. */
import type { Plugin } from '../plugin-api/contracts/plugin.ts';
import { certguardPlugin } from '../plugins/certguard/plugin.ts';
import { openpgpPlugin } from '../plugins/core-openpgp/plugin.ts';
import { filePlugin } from '../plugins/file/plugin.ts';
import { pythonPlugin } from '../plugins/python/plugin.ts';

export const installedPlugins: readonly Plugin[] = [filePlugin, certguardPlugin, openpgpPlugin, pythonPlugin];
