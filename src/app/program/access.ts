/** Access control over all resources and package types. */
import type { ConditionTools } from '../../access/conditions.ts';
import { PolicyStore } from '../../access/policies.ts';
import type { HrefReader } from '../../api/engine/hrefs.ts';
import { Refused } from '../../api/engine/validate-value.ts';
import { PolicyAccess } from '../../api/policy-access.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { Program } from './program.ts';

/** What conditions of policies are looked up in. */
export function conditionTools(program: Program, hrefs: HrefReader): ConditionTools {
  return { catalogue: program.access(), more: program.conditions, read: (text) => readName(hrefs, text) };
}

export function buildAccess(program: Program, services: Services, hrefs: HrefReader): PolicyAccess {
  const policies = new PolicyStore(services.db, program.access(), services.settings);
  return new PolicyAccess({ policies, tools: conditionTools(program, hrefs), scopings: program.scopings });
}

/** Undefined for what is no name of anything: the body's validation refuses it afterwards. */
function readName(hrefs: HrefReader, text: string) {
  try {
    return hrefs.read(text);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}
