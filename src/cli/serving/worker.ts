/** `worker`: one process that works on tasks. */
import { runWorker } from '../../app/processes/worker-process.ts';
import type { Command } from '../command.ts';
import { childOption, readySettings } from '../upkeep/run-alone.ts';

const command: Command = {
  options: {
    ...childOption,
    burst: { type: 'boolean', help: 'end when there is nothing to do' },
    auxiliary: { type: 'boolean', help: 'only run tasks: no schedules, no looking after the queue' },
  },
  async run(context) {
    const { burst, auxiliary } = context.options;
    const logger = context.logger.named('pulpcore.tasking.worker');
    await runWorker(await readySettings(context), logger, { burst: burst === true, auxiliary: auxiliary === true });
    return 0;
  },
};
export default command;
