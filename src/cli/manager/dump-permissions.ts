/** `dump-permissions [--tabular]`: permissions of users and groups from before there were roles; this server has none. */
import type { Command } from '../command.ts';

const command: Command = {
  options: { tabular: { type: 'boolean', help: 'as a table' } },
  async run({ options }) {
    process.stdout.write(options.tabular === true ? 'user or group  permission  object\n' : '[]\n');
    return 0;
  },
};
export default command;
