/** The commands that answer HTTP requests differ only in what they answer. */
import { takeListeningSocket } from '../../app/processes/listen.ts';
import { probePort } from '../../app/processes/probe-port.ts';
import { runWeb, type WebRoles } from '../../app/processes/web-process.ts';
import { type BindAddress, parseBind } from '../../config/check-settings.ts';
import type { Command } from '../command.ts';
import { childOption, readySettings } from '../upkeep/run-alone.ts';

export function webCommand(roles: WebRoles): Command {
  return {
    options: {
      ...childOption,
      'share-port': { type: 'boolean', help: 'start although another process of ours listens on the port already' },
    },
    async run(context) {
      const settings = await readySettings(context);
      const alone = context.options.child !== true;
      const socket = alone ? takeListeningSocket() : undefined;
      if (alone && socket === undefined && context.options['share-port'] !== true)
        await probePort(parseBind(settings.bind) as BindAddress);
      await runWeb(settings, roles, context.logger, { alone, socket });
      return 0;
    },
  };
}
