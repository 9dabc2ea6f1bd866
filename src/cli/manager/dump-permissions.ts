/** `dump-permissions [--tabular]`: permissions of users and groups from before there were roles; this server has none. */
import type { Command } from '../command.ts';

const command: Command = {
  name: 'dump-permissions',
  summary: 'list permissions given without roles, as JSON; there are none in this server',
  options: { tabular: { type: 'boolean', help: 'as a table' } },
  async run({ options }) {
    process.stdout.write(options.tabular === true ? 'user or group  permission  object\n' : '[]\n');
    return 0;
  },
};
export default command;
