/** The program with the installed package types, for tests in their own process. */
import { installedPlugins } from '../../src/app/installed-plugins.ts';
import { composeProgram, type Program } from '../../src/app/program/program.ts';

export const program: Program = composeProgram(installedPlugins);
