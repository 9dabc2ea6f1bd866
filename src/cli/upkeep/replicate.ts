/** `replicate plan|run|status|rollback <upstream>`: a thin client of a running server's API, with progress. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../lib/errors.ts';
import { ApiClient, type Json } from '../api-client.ts';
import { type Command, type CommandContext, CommandFailed } from '../command.ts';

const ACTS = ['plan', 'run', 'status', 'rollback'] as const;
const FINAL = new Set(['completed', 'failed', 'canceled', 'skipped']);
const LOOK_EVERY = 500;

const command: Command = {
  words: ['<plan|run|status|rollback>', '<name of the upstream>'],
  options: {
    url: { type: 'string', help: 'address of the server; that of the setting bind by default' },
    username: { type: 'string', help: 'user name; admin by default' },
    password: { type: 'string', help: 'password; that in the data directory by default' },
    domain: { type: 'string', help: 'domain, where the server has domains' },
    'q-select': { type: 'string', help: 'only these distributions, this time' },
    json: { type: 'boolean', help: 'print answers as JSON' },
  },
  async run(context) {
    const [act, name] = context.words;
    if (!act || !name || !(ACTS as readonly string[]).includes(act)) {
      throw new CommandFailed(`Say what to do and with which upstream: replicate ${ACTS.join('|')} NAME`);
    }
    const api = new ApiClient(context);
    try {
      const upstream = await findUpstream(api, name);
      return await perform[act as (typeof ACTS)[number]](api, upstream, context);
    } catch (error) {
      if (error instanceof CommandFailed) throw error;
      throw new CommandFailed(`${api.url} cannot be asked: ${messageOf(error)}`);
    }
  },
};
export default command;

async function findUpstream(api: ApiClient, name: string): Promise<string> {
  const { results } = await api.get(`upstream-pulps/?name=${encodeURIComponent(name)}`);
  if (results.length === 0) throw new CommandFailed(`There is no upstream named ${name}.`);
  return results[0].pulp_href;
}

type Perform = (api: ApiClient, upstream: string, context: CommandContext) => Promise<number>;

const selection = ({ options }: CommandContext) => (options['q-select'] ? { q_select: options['q-select'] } : {});

const perform: Record<(typeof ACTS)[number], Perform> = {
  async plan(api, upstream, context) {
    const { status, body } = await api.call('POST', `${upstream}replicate/`, { dry_run: true, ...selection(context) });
    if (status !== 200 && status !== 409) throw new CommandFailed(body.detail ?? JSON.stringify(body));
    if (context.options.json) print(JSON.stringify(body, null, 2));
    else printPlan(body.items, body.conflicts);
    return status === 200 ? 0 : 1;
  },
  async run(api, upstream, context) {
    const { task_group } = await api.expect('POST', `${upstream}replicate/`, selection(context));
    const errors = await follow(api, task_group);
    const run = await lastRun(api, upstream);
    if (context.options.json) print(JSON.stringify(run, null, 2));
    for (const error of errors) process.stderr.write(`${error}\n`);
    print(`Run ${run.state}: ${summary(run.summary)}`);
    return errors.length === 0 ? 0 : 1;
  },
  async status(api, upstream, context) {
    const status = await api.get(`${upstream}status/`);
    if (context.options.json) print(JSON.stringify(status, null, 2));
    else {
      print(status.in_sync ? 'In sync.' : 'Not in sync.');
      printPlan(status.drift, status.conflicts);
    }
    return status.in_sync ? 0 : 1;
  },
  async rollback(api, upstream) {
    const { results } = await api.get(`${upstream}runs/?limit=50`);
    const run = results.find((one: Json) => one.state === 'active' || one.state === 'partial');
    if (!run) throw new CommandFailed('There is no run that could be taken back.');
    const { task } = await api.expect('POST', `${run.pulp_href}rollback/`, {});
    for (;;) {
      const { state, error } = await api.get(task);
      if (state === 'completed') break;
      if (FINAL.has(state)) throw new CommandFailed(error?.description ?? `The task is ${state}.`);
      await sleep(LOOK_EVERY);
    }
    print(`Took back the run of ${run.started_at}.`);
    return 0;
  },
};

async function lastRun(api: ApiClient, upstream: string): Promise<Json> {
  return (await api.get(`${upstream}runs/?limit=1`)).results[0];
}

/** Shows progress until every task has ended; answers the errors of those that failed. */
async function follow(api: ApiClient, group: string): Promise<string[]> {
  let shown = '';
  for (;;) {
    const { tasks, group_progress_reports: reports } = await api.get(group);
    const line = reports.map((one: Json) => `${one.message}: ${one.done}/${one.total ?? '?'}`).join('  ');
    if (line !== shown) process.stderr.write(`${line}\n`);
    shown = line;
    if (tasks.length > 0 && tasks.every((task: Json) => FINAL.has(task.state))) {
      const failed = tasks.filter((task: Json) => task.state !== 'completed');
      const details = await Promise.all(failed.map((task: Json) => api.get(task.pulp_href)));
      return details.map((task) => task.error?.description ?? task.error?.reason ?? `${task.name} is ${task.state}`);
    }
    await sleep(LOOK_EVERY);
  }
}

function printPlan(items: readonly Json[], conflicts: readonly Json[]): void {
  for (const item of items) {
    const path = item.base_path === null ? '' : ` at ${item.base_path}`;
    print(`${item.act}\t${item.type} ${item.object} ${item.name}${path}${item.reason ? `: ${item.reason}` : ''}`);
  }
  for (const one of conflicts) {
    print(`conflict\t${one.kind}: ${one.ours}${one.theirs ? ` against ${one.theirs}` : ''}; remedy: ${one.remedy}`);
  }
  if (items.length + conflicts.length === 0) print('Nothing to do.');
}

function summary(counts: Record<string, number>): string {
  const parts = Object.entries(counts).map(([act, count]) => `${count} ${act}`);
  return parts.length > 0 ? parts.join(', ') : 'nothing to do';
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
