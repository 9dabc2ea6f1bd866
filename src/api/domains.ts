/** The domain named in a path, from a small cache: domains are few and rarely change. */
import { findDomainByName } from '../model/domain.ts';
import type { Domain, Services } from '../plugin-api/contracts/context.ts';

/** Milliseconds for which a domain is not looked up again. */
const MAX_AGE = 1000;
interface Entry {
  readonly domain: Domain;
  readonly until: number;
}

const cached = new WeakMap<object, Map<string, Entry>>();

export async function findDomain(services: Services, name: string): Promise<Domain | undefined> {
  const known = cached.get(services.db) ?? new Map<string, Entry>();
  cached.set(services.db, known);
  const entry = known.get(name);
  if (entry && entry.until > Date.now()) return entry.domain;
  const domain = await findDomainByName(services.db, name);
  if (domain) known.set(name, { domain, until: Date.now() + MAX_AGE });
  else known.delete(name);
  return domain;
}
