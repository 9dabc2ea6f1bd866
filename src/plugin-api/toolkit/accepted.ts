/** Answers to requests whose work goes on in tasks. */
import type { Answer, DispatchedTask, Presenter } from '../contracts/context.ts';

type Hrefs = Pick<Presenter, 'href'>;

/** 202 with the href of the task: `{ task }`. */
export function accepted({ href }: Hrefs, task: Pick<DispatchedTask, 'pulpId'>): Answer {
  return { status: 202, body: { task: href('core.task', task.pulpId) } };
}

/** 202 with the href of a group of tasks, by its id on the wire: `{ task_group }`. */
export function acceptedGroup({ href }: Hrefs, groupId: string): Answer {
  return { status: 202, body: { task_group: href('core.taskgroup', groupId) } };
}
