/** One child process that is kept running: started again after growing pauses until it is told to stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { StartRefused } from '../storage/data-directory.ts';
import type { StartMessage } from './child-process.ts';
import type { AppLogger } from './logging.ts';

const firstPause = 100;
const longestPause = 10_000;
/** A child that ran this long starts again without a long pause. */
const goodRun = 30_000;

/** Threads that hash and read files would each get memory areas of their own that are never given back. */
const allocatorSettings = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: String(256 * 1024) };

/**
 * A small nursery fits the processor's caches and takes less memory; too small a one is emptied all the time. Measured on 64 connections
 * that read pages of a Python index: a fifth more requests with 16 MiB than with 4 or 32.
 */
const memoryFlags = ['--max-semi-space-size=16'];

const mainFile = join(import.meta.dirname, '..', '..', 'main.ts');

/** Beside the dependencies, or in the data directory when those belong to somebody else. */
function compileCacheDirectory(data: string): string {
  const shared = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'deckle');
  try {
    mkdirSync(shared, { recursive: true });
    accessSync(shared, constants.W_OK);
    return shared;
  } catch {
    return join(data, 'cache', 'compiled');
  }
}

export class ManagedChild {
  readonly name: string;
  /** Resolves when the child has said that it does its work; rejects when it never does. */
  readonly ready: Promise<void>;
  readonly #words: readonly string[];
  readonly #settings: Promise<Settings>;
  readonly #logger: AppLogger;
  readonly #compileCache: string;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #pause = firstPause;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;
  #failures = 0;
  #resolveReady!: () => void;
  #rejectReady!: (error: Error) => void;

  /**
   * @param words the command line of the child, such as `['worker', '--child']`
   * @param data the data directory
   * @param settings the child waits for them
   */
  constructor(name: string, words: readonly string[], data: string, settings: Promise<Settings>, logger: AppLogger) {
    this.name = name;
    this.#words = words;
    this.#settings = settings;
    this.#logger = logger;
    this.#compileCache = compileCacheDirectory(data);
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => {});
    this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Sends a signal and does not start the child again. */
  stop(signal: NodeJS.Signals): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.#child?.kill(signal);
  }

  /** Resolves when the present process has ended. */
  ended(): Promise<void> {
    return this.#ended;
  }

  #start(): void {
    const child = spawn(process.execPath, [...process.execArgv, ...memoryFlags, mainFile, ...this.#words], {
      // Its own session: Ctrl-C on the terminal reaches the supervisor alone, which stops its children in order.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...allocatorSettings, ...process.env, NODE_COMPILE_CACHE: this.#compileCache },
    });
    this.#child = child;
    const started = Date.now();
    let wasReady = false;
    child.on('message', (message) => {
      if ((message as { ready?: boolean }).ready !== true) return;
      wasReady = true;
      this.#resolveReady();
    });
    void this.#settings.then((settings) =>
      child.send({ settings } satisfies StartMessage, () => {
        // A child that ends at once cannot be told anything; its end is dealt with below.
      }),
    );
    this.#ended = new Promise((resolve) => {
      const onEnd = (how: string) => {
        if (this.#child !== child) return;
        this.#child = undefined;
        resolve();
        if (!this.#stopping) this.#scheduleRestart(how, wasReady, Date.now() - started);
      };
      child.once('exit', (code, signal) => onEnd(signal ? `killed by ${signal}` : `exit code ${code}`));
      child.on('error', (error) => {
        // No process at all: there will be no exit.
        if (child.pid === undefined) onEnd(error.message);
      });
    });
  }

  #scheduleRestart(how: string, wasReady: boolean, ran: number): void {
    if (!wasReady && ++this.#failures >= 3)
      this.#rejectReady(new StartRefused(`The ${this.name} does not start (${how}); what it said is above.`));
    if (wasReady) this.#failures = 0;
    if (ran >= goodRun) this.#pause = firstPause;
    this.#logger.error({}, `${this.name} ended (${how}); it is started again in ${this.#pause / 1000} s`);
    this.#restart = setTimeout(() => this.#start(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, longestPause);
  }
}
