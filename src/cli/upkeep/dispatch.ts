/** `dispatch`: reads JSON on standard input, dispatches the task and prints its href; for suites written for Pulp. */
import { text } from 'node:stream/consumers';
import { dispatchFromText } from '../../app/operator/dispatch-task.ts';
import { withServices } from '../../app/operator/with-services.ts';
import type { Command } from '../command.ts';

const command: Command = {
  async run({ settings, logger }) {
    const request = await text(process.stdin);
    const answer = await withServices(settings, logger, (services, program) =>
      dispatchFromText(services, program, request),
    );
    process.stdout.write(`${answer}\n`);
    return 0;
  },
};
export default command;
