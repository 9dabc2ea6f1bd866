/** What a worker and the process that runs its tasks say to each other. */
import type { Settings } from '../config/settings.ts';
import type { Holder, Outcome, RunnableTask } from './task-row.ts';

export type ToChild =
  | { type: 'start'; settings: Settings; applicationName: string }
  | { type: 'run'; task: RunnableTask; holder: Holder }
  | { type: 'cancel'; id: number };

export type FromChild =
  | { type: 'ready' }
  /** `memory`: resident bytes of the process. */
  | { type: 'done'; id: number; outcome: Outcome; memory: number };
