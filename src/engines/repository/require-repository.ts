/** The repository a task is to work on. */
import { ValidationError } from '../../lib/errors.ts';
import { findRepository } from '../../model/repositories/repository.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { Repository } from '../../plugin-api/contracts/version.ts';

/** By its id on the wire. Throws ValidationError when it is gone. */
export async function requireRepository(
  { db, domain }: Pick<Services, 'db'> & { readonly domain: Domain },
  pulpId: string,
): Promise<Repository> {
  const repository = await findRepository(db, domain.id, pulpId);
  if (!repository) throw ValidationError.field('repository', 'Invalid hyperlink - Object does not exist.');
  return repository;
}
