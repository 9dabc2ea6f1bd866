/** Publishers that a provenance document names (PEP 740): what is kept of them. */

export type Publisher = Readonly<Record<string, unknown>> & { readonly kind: string };

interface Keys {
  readonly needed: readonly string[];
  readonly optional: readonly string[];
}

/** Keys of the kinds that are known. */
const KINDS: Readonly<Record<string, Keys>> = {
  GitHub: { needed: ['repository', 'workflow'], optional: ['environment'] },
  GitLab: { needed: ['repository', 'workflow_filepath'], optional: ['environment'] },
  Google: { needed: ['email'], optional: [] },
};

/** The first key that a publisher of a known kind has to have and has not. */
export function missingKey(publisher: Publisher): string | undefined {
  return keysOf(publisher)?.needed.find((key) => typeof publisher[key] !== 'string');
}

/** Known kinds with their own keys only, all others as they were told. */
export function keptPublisher(publisher: Publisher): Publisher {
  const keys = keysOf(publisher);
  if (!keys || missingKey(publisher)) return publisher;
  const kept: Record<string, unknown> & { kind: string } = { kind: publisher.kind };
  for (const key of [...keys.needed, ...keys.optional]) kept[key] = publisher[key] ?? null;
  return kept;
}

const keysOf = ({ kind }: Publisher): Keys | undefined => (Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined);
