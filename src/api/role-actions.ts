/** Actions on the roles of an object: `my_permissions`, `list_roles`, `add_role`, `remove_role` (core.md §1.10). */
import type { Action, Resource } from '../plugin-api/resource.ts';

export function roleActions(_resource: Resource): Action[] {
  return [];
}
