/** What a worker and the process that runs its tasks say to each other. */
import type { Settings } from '../../config/settings.ts';
import type { Holder, Outcome, RunnableTask } from '../queue/task-row.ts';

export type ToChild =
  /** `keepSchedules`: also see to the schedules that the settings ask for. */
  | { type: 'start'; settings: Settings; applicationName: string; keepSchedules: boolean }
  | { type: 'run'; task: RunnableTask; holder: Holder }
  | { type: 'cancel'; id: number };

export type FromChild =
  /** `functions`: names of the tasks it can run. */
  | { type: 'ready'; functions: readonly string[] }
  /** `memory`: resident bytes of the process. */
  | { type: 'done'; id: number; outcome: Outcome; memory: number };
