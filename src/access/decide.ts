/** Whether the statements of a policy allow an action: some allow it and none denies it (core.md §7.3). */

import type { User } from '../plugin-api/contracts/context.ts';
import type { Statement } from '../plugin-api/declare/access.ts';
import { type Answer, both, either, evaluateExpression, negate } from './condition-expression.ts';

interface Case {
  readonly user: User | null;
  readonly groups: readonly string[];
  /** `list`, `create` … */
  readonly action: string;
  readonly method: string;
  readonly evaluate: (condition: string) => Promise<Answer>;
}

/** 'body': it depends on what the body says. */
export async function decide(statements: readonly Statement[], asked: Case): Promise<Answer> {
  const fitting = statements.filter((one) => fitsPrincipal(one, asked) && fitsAction(one, asked));
  const denied = await anyHolds(
    fitting.filter(({ effect }) => effect === 'deny'),
    asked,
  );
  if (denied === true) return false;
  const allowed = await anyHolds(
    fitting.filter(({ effect }) => effect === 'allow'),
    asked,
  );
  return allowed === true ? negate(denied) : allowed;
}

/** Evaluates in order and stops at the first that holds. */
async function anyHolds(statements: readonly Statement[], asked: Case): Promise<Answer> {
  let answer: Answer = false;
  for (const statement of statements) {
    answer = either(answer, await holds(statement, asked));
    if (answer === true) break;
  }
  return answer;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

function fitsAction({ action }: Statement, asked: Case): boolean {
  const actions = [action ?? []].flat();
  return actions.some(
    (one) =>
      one === '*' ||
      one === asked.action ||
      (one === '<safe_methods>' && SAFE.has(asked.method)) ||
      one === `<method:${asked.method.toLowerCase()}>`,
  );
}

function fitsPrincipal({ principal }: Statement, { user, groups }: Case): boolean {
  return [principal ?? []].flat().some((one) => {
    if (one === '*') return true;
    if (one === 'anonymous') return user === null;
    if (user === null) return false;
    if (one === 'authenticated') return true;
    if (one === 'admin') return user.isSuperuser;
    if (one === 'staff') return user.isStaff;
    if (one === `user:${user.id}` || one === `id:${user.id}`) return true;
    return one.startsWith('group:') && groups.includes(one.slice('group:'.length));
  });
}

async function holds(statement: Statement, asked: Case): Promise<Answer> {
  let answer: Answer = true;
  for (const condition of [statement.condition ?? []].flat()) {
    answer = both(answer, await asked.evaluate(condition));
    if (answer === false) return false;
  }
  for (const expression of [statement.condition_expression ?? []].flat()) {
    answer = both(answer, await evaluateExpression(expression, asked.evaluate));
    if (answer === false) return false;
  }
  return answer;
}
