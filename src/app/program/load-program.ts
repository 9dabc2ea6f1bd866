/** The program that a process runs: the installed package types, and with the setting `test_plugins` those of a test. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Settings } from '../../config/settings.ts';
import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import { installedPlugins } from '../installed-plugins.ts';
import { composeProgram, type Program } from './program.ts';

/** Loads what is most of the code: processes that need a program only at times import this file when they do. */
export async function loadProgram({ testPlugins }: Pick<Settings, 'testPlugins'>): Promise<Program> {
  if (testPlugins === '') return composeProgram(installedPlugins);
  const more = (await import(pathToFileURL(resolve(testPlugins)).href)) as { readonly plugins: readonly Plugin[] };
  return composeProgram([...installedPlugins, ...more.plugins]);
}
