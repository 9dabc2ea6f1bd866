/** Access control over all resources and package types. */
import { PolicyStore } from '../../access/policies.ts';
import type { HrefReader } from '../../api/engine/hrefs.ts';
import { PolicyAccess } from '../../api/policy-access.ts';
import type { Services } from '../../plugin-api/contracts/context.ts';
import type { Program } from './program.ts';

export function buildAccess(program: Program, services: Services, hrefs: HrefReader): PolicyAccess {
  const catalogue = program.access();
  const { conditions, scopings } = program;
  const policies = new PolicyStore(services.db, catalogue, services.settings);
  return new PolicyAccess({ catalogue, policies, hrefs, conditions, scopings });
}
