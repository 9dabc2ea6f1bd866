/** `worker`: one process that works on tasks. */
import { runWorker } from '../app/worker-process.ts';
import type { Command } from './command.ts';
import { childOption, readySettings } from './run-alone.ts';

const command: Command = {
  name: 'worker',
  summary: 'run one process that works on tasks',
  options: childOption,
  async run(context) {
    await runWorker(await readySettings(context), context.logger.named('pulpcore.tasking.worker'));
    return 0;
  },
};
export default command;
