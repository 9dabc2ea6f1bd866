/** Entry point of the program: turns on the compile cache, then hands the command line to the CLI. */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Stripping types anew in every process would cost most of a start. Only a directory of this user is trusted.
enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'deckle', 'compiled'));
const { runCommandLine } = await import('./cli/command-line.ts');
await runCommandLine(process.argv.slice(2));
