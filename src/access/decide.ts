/** Whether the statements of a policy allow an action: some allow it and none denies it (core.md §7.3). */
import type { Statement } from '../plugin-api/access.ts';
import type { User } from '../plugin-api/context.ts';
import { type Answer, evaluateExpression } from './condition-expression.ts';

export interface Case {
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
  let allowed: Answer = false;
  let denied: Answer = false;
  for (const statement of fitting) {
    const denies = statement.effect === 'deny';
    if (!denies && (statement.effect !== 'allow' || allowed === true)) continue;
    const answer = await holds(statement, asked);
    if (denies) denied = answer === true || denied === true ? true : answer === 'body' ? answer : denied;
    else if (answer !== false) allowed = answer;
    if (denied === true) return false;
  }
  if (allowed === false) return false;
  return denied === 'body' ? 'body' : allowed;
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
  let pending = false;
  for (const condition of [statement.condition ?? []].flat()) {
    const answer = await asked.evaluate(condition);
    if (answer === false) return false;
    pending ||= answer === 'body';
  }
  for (const expression of [statement.condition_expression ?? []].flat()) {
    const answer = await evaluateExpression(expression, asked.evaluate);
    if (answer === false) return false;
    pending ||= answer === 'body';
  }
  return pending ? 'body' : true;
}
