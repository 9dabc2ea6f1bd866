/** Entry point of the program: turns on the compile cache, then hands the command line to the CLI. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

// Stripping types anew would cost each process half of its start and ten megabytes. The cache is as trusted as the
// dependencies beside it. Processes that are killed later would not save it, so it is saved soon after the start.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'deckle'));
setTimeout(flushCompileCache, 5_000).unref();
const { runCommandLine } = await import('./cli/command-line.ts');
await runCommandLine(process.argv.slice(2));
