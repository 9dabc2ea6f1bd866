/** Components that many operations answer: the references to a started task or group of tasks. */
import { string } from '../../../plugin-api/declare/field.ts';
import type { Components } from './components.ts';
import type { Schema } from './field-schema.ts';

/** 202: `{task}` */
export function asyncOperation(components: Components): Schema {
  const task = string({ format: 'uri', help: 'The href of the task.' });
  return components.reference('AsyncOperation', { task }, 'response', 'A task that was started.');
}

/** 202: `{task_group}` */
function taskGroupOperation(components: Components): Schema {
  const group = string({ format: 'uri', help: 'The href of the group of tasks.' });
  return components.reference(
    'TaskGroupOperation',
    { task_group: group },
    'response',
    'A group of tasks that was started.',
  );
}

const SHARED: Readonly<Record<string, (components: Components) => Schema>> = {
  AsyncOperation: asyncOperation,
  TaskGroupOperation: taskGroupOperation,
};

/** The answer called `name`: one of the above or one that is declared elsewhere. */
export function sharedResponse(name: string, components: Components): Schema {
  return SHARED[name]?.(components) ?? components.elsewhere(name);
}
