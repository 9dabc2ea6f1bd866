/** Prints a test run: one line a file, everything about failures, and node's usual closing lines. */
import { relative } from 'node:path';
import type { TestsStream } from 'node:test';
import { inspect } from 'node:util';

export interface Counts {
  tests: number;
  suites: number;
  passed: number;
  failed: number;
  cancelled: number;
  skipped: number;
  todo: number;
}

interface FileState {
  output: string;
  failures: string[];
  /** Names of tests that were skipped, with the reasons. */
  skipped: string[];
}

const noCounts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };

/** Follows the events of a run until its end and gives the totals. */
export async function report(stream: TestsStream, write: (text: string) => void): Promise<Counts> {
  const files = new Map<string, FileState>();
  const total: Counts = { ...noCounts };
  const stateOf = (file = '') => {
    const known = files.get(file) ?? { output: '', failures: [], skipped: [] };
    files.set(file, known);
    return known;
  };
  const writeFailures = (state: FileState) => {
    for (const failure of state.failures.splice(0)) write(failure);
    if (state.output.trim() !== '') write(`  its output:\n${indent(state.output.trimEnd())}\n`);
  };
  const writeSkipped = (state: FileState) => {
    for (const line of state.skipped.splice(0)) write(line);
  };
  stream.on('test:start', ({ file }) => void stateOf(file));
  const keepOutput = ({ file, message }: { file?: string; message: string }) => {
    stateOf(file).output += message;
  };
  stream.on('test:stdout', keepOutput);
  stream.on('test:stderr', keepOutput);
  stream.on('test:pass', ({ file, name, skip }) => {
    if (skip !== undefined) stateOf(file).skipped.push(`  skipped: ${name}${skip === true ? '' : ` (${skip})`}\n`);
  });
  stream.on('test:fail', (event) => {
    const { file, name, details, todo } = event;
    // Suites fail because of their tests, which have been told already.
    const cause = (details.error as { failureType?: string }).failureType;
    if (todo === undefined && cause !== 'subtestsFailed') stateOf(file).failures.push(failureText(name, details.error));
  });
  stream.on('test:summary', ({ file, counts, success, duration_ms }) => {
    if (file === undefined) {
      for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += (counts as Partial<Counts>)[key] ?? 0;
      return;
    }
    const outcome = success ? 'ok    ' : 'FAILED';
    write(`${outcome} ${relative(process.cwd(), file)} (${counts.tests} tests, ${Math.round(duration_ms)} ms)\n`);
    writeSkipped(stateOf(file));
    if (!success) writeFailures(stateOf(file));
  });
  for await (const _ of stream); // draining it runs the tests
  for (const [file, state] of files) {
    // Tests that are set by a helper are told under the file of the helper.
    writeSkipped(state);
    // Files that could not be loaded or ended themselves have no summary.
    if (state.failures.length === 0) continue;
    write(`FAILED ${relative(process.cwd(), file)}\n`);
    writeFailures(state);
  }
  return total;
}

function failureText(name: string, error: Error & { cause?: unknown }): string {
  return `  ✖ ${name}\n${indent(inspect(error.cause ?? error, { depth: 4 }))}\n`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

/** The lines that end a run of node's own reporter. */
export function closingLines(counts: Counts, milliseconds: number): string {
  const lines = [
    `tests ${counts.tests}`,
    `suites ${counts.suites}`,
    `pass ${counts.passed}`,
    `fail ${counts.failed}`,
    `cancelled ${counts.cancelled}`,
    `skipped ${counts.skipped}`,
    `todo ${counts.todo}`,
    `duration_ms ${milliseconds.toFixed(3)}`,
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}
