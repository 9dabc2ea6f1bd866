/** `serve`: the whole server on one machine, and the words that greet the operator. */
import { relative } from 'node:path';
import { formatAddress } from '../../app/processes/probe-port.ts';
import { versionNumber } from '../../app/processes/program-version.ts';
import { type ServerStarted, serve } from '../../app/processes/supervisor.ts';
import type { Command } from '../command.ts';

const command: Command = {
  async run({ settings, logger }) {
    await serve(settings, logger, (started) => process.stdout.write(greeting(started)));
    return 0;
  },
};
export default command;

function greeting({ address, settings, adminPasswordFile }: ServerStarted): string {
  const everywhere = address.host === '::' || address.host === '0.0.0.0';
  const host = everywhere ? 'localhost' : address.host;
  const scheme = settings.tlsCertificate === '' ? 'http' : 'https';
  const url = `${scheme}://${formatAddress({ ...address, host })}`;
  const near = adminPasswordFile && relative(process.cwd(), adminPasswordFile);
  const file = near?.startsWith('..') ? adminPasswordFile : near;
  const password = file ? `"$(cat ${file})"` : '…';
  return [
    `Deckle ${versionNumber()} is ready at ${url}/`,
    file ? `  The password of admin is in ${file}` : '  The password of admin is the one given in the settings',
    `  pulp config create --base-url ${url} --api-root ${settings.apiRoot} --username admin --password ${password}`,
    '',
  ].join('\n');
}
