/** What a process started by another of ours has to do: take its settings, say that it is ready, and die with its parent. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../config/settings.ts';

/** First message of a parent to its child: the settings, so that both have the very same. */
export interface StartMessage {
  settings: Settings;
}

/** Message of a child that has begun its work. */
interface ReadyMessage {
  ready: true;
}

/** Waits for the settings sent by the parent. */
export function settingsFromParent(): Promise<Settings> {
  return new Promise((resolve) => {
    process.once('message', (message) => resolve(Object.freeze((message as StartMessage).settings)));
  });
}

/** Tells the parent, if there is one, that this process does its work now. */
export function reportReady(): void {
  // A parent that is gone hears nothing: this process ends by its disconnection.
  process.send?.({ ready: true } satisfies ReadyMessage, undefined, undefined, () => {});
}

/**
 * Ends this process within a second after its parent is gone, however the parent ended. The callback may use that
 * second, for example to end children of its own. Without a parent of ours this does nothing.
 */
export function dieWithParent(beforeEnd: () => void | Promise<void> = () => {}): void {
  if (!process.channel) return;
  process.once('disconnect', async () => {
    try {
      await Promise.race([beforeEnd(), sleep(800)]);
    } finally {
      process.exit(1);
    }
  });
  // Waiting for the parent is no reason to stay when all other work is done.
  process.channel.unref();
}

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type StopSignal = (typeof stopSignals)[number];

/** Calls back for each signal that asks this process to stop; `count` is 1 for the first. */
export function onStopSignal(callback: (signal: StopSignal, count: number) => void): void {
  let count = 0;
  for (const signal of stopSignals) process.on(signal, () => callback(signal, ++count));
}

/** Resolves with the first signal that asks this process to stop. */
export function stopRequested(): Promise<StopSignal> {
  return new Promise((resolve) => onStopSignal(resolve));
}
