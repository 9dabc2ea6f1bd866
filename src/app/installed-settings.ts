/** All settings of this server: those of the core and those of its package types. */
import type { Declarations } from '../config/setting.ts';
import { declarations as coreDeclarations } from '../config/settings.ts';
import { pythonSettings } from '../plugins/python/settings.ts';

export const pluginSettings: Declarations = { ...pythonSettings };

export const installedSettings: Declarations = { ...coreDeclarations, ...pluginSettings };
