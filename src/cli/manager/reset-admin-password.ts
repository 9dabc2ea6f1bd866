/** `reset-admin-password [--random | -p PASSWORD]`: asks for the password otherwise. */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { problemsOfPassword, setAdminPassword } from '../../app/operator/admin-password.ts';
import { withDatabase } from '../../app/storage/prepare-database.ts';
import { type Command, CommandFailed, optionValue } from '../command.ts';

const command: Command = {
  options: {
    random: { type: 'boolean', help: 'make one and print it' },
    password: { type: 'string', short: 'p', help: 'this one; others may see it in the list of processes' },
  },
  async run(context) {
    const given = optionValue(context, 'password');
    const random = context.options.random === true;
    if (random && given !== undefined) throw new CommandFailed('Say either --random or --password.');
    const password = random ? randomBytes(18).toString('base64url') : (given ?? (await askTwice()));
    if (password === '') throw new CommandFailed('The password must not be empty.');
    const { settings, logger } = context;
    await withDatabase(settings, logger, (db) => setAdminPassword(db, settings, password));
    process.stdout.write(
      random ? `Successfully set "admin" user to "${password}".\n` : 'Successfully set password for "admin" user.\n',
    );
    return 0;
  },
};
export default command;

async function askTwice(): Promise<string> {
  // What is typed is not shown.
  const silent = new Writable({ write: (_piece, _encoding, done) => done() });
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  try {
    const answers = lines[Symbol.asyncIterator]();
    const ask = async (text: string) => {
      if (terminal) process.stderr.write(text);
      const { value, done } = await answers.next();
      if (terminal) process.stderr.write('\n');
      return done ? undefined : String(value);
    };
    const password = (await ask('Please enter new password for user "admin": ')) ?? '';
    const problems = problemsOfPassword(password);
    if (problems.length > 0) throw new CommandFailed(problems.join(' '));
    if ((await ask('Please enter new password for user "admin" again: ')) === password) return password;
    throw new CommandFailed('The passwords did not match.');
  } finally {
    lines.close();
  }
}
