/** Compares the facts of a document with those it should have. */
import type { Facts, OperationFacts } from './facts.ts';

export interface Comparison {
  /** Something is missing or of another type, with the place in front of a colon. */
  readonly problems: string[];
  /** Something is there that is not asked for. */
  readonly additions: string[];
  /** Operations by tag: how many there should be, and how many have no problem. */
  readonly tags: Map<string, { expected: number; equal: number }>;
}

type Types = Readonly<Record<string, string>>;

/** Compares the operations that the document claims to have. */
export function compare(expected: Facts, actual: Facts): Comparison {
  const comparison: Comparison = { problems: [], additions: [], tags: new Map() };
  const isClaimed = claims(expected, actual);
  const seen = new Map<string, number>();
  for (const [key, operation] of Object.entries(expected.operations)) {
    if (!isClaimed(operation)) continue;
    const before = comparison.problems.length;
    compareOperation(key, operation, actual.operations[key], comparison);
    const inComponents = problemsOfComponents(operation, expected, actual, comparison, seen);
    const count = comparison.tags.get(operation.tag) ?? { expected: 0, equal: 0 };
    count.expected++;
    if (comparison.problems.length === before && inComponents === 0) count.equal++;
    comparison.tags.set(operation.tag, count);
  }
  const more = Object.keys(actual.operations).filter((key) => !(key in expected.operations));
  comparison.additions.push(...more.filter((key) => comparison.tags.has(actual.operations[key]!.tag)));
  return comparison;
}

const ROLE_ACTION = /_(my_permissions|list_roles|add_role|remove_role)$/;

/** A tag is claimed as soon as one of its operations is there; actions on roles, as soon as any object has them. */
function claims(expected: Facts, actual: Facts): (operation: OperationFacts) => boolean {
  const there = Object.entries(expected.operations).filter(([key]) => key in actual.operations);
  const tags = new Set(there.map(([, operation]) => operation.tag));
  const roles = Object.values(actual.operations).some(({ id }) => ROLE_ACTION.test(id));
  return ({ tag, id }) => tags.has(tag) && (roles || !ROLE_ACTION.test(id));
}

function compareOperation(
  key: string,
  expected: OperationFacts,
  actual: OperationFacts | undefined,
  comparison: Comparison,
): void {
  if (!actual) {
    comparison.problems.push(`${key}: missing`);
    return;
  }
  const { id, tag, open = false } = expected;
  if (id !== actual.id) comparison.problems.push(`${key}: id ${id}, not ${actual.id}`);
  if (tag !== actual.tag) comparison.problems.push(`${key}: tag ${tag}, not ${actual.tag}`);
  if (open !== (actual.open ?? false)) comparison.problems.push(`${key}: ${open ? 'needs no' : 'needs'} login`);
  compareUsual(key, expected, actual, comparison);
  compareTypes(`${key} parameter`, expected.parameters, actual.parameters, comparison);
  compareTypes(`${key} request`, expected.request ?? {}, actual.request ?? {}, comparison);
  compareTypes(`${key} response`, expected.responses, actual.responses, comparison);
}

function compareUsual(key: string, expected: OperationFacts, actual: OperationFacts, comparison: Comparison): void {
  const words = (text: string) => new Set(text.split(' ').filter(Boolean));
  const [wanted, there] = [words(expected.usual), words(actual.usual)];
  comparison.problems.push(...[...wanted.difference(there)].map((name) => `${key} parameter ${name}: missing`));
  comparison.additions.push(...[...there.difference(wanted)].map((name) => `${key} parameter ${name}`));
}

function compareTypes(place: string, expected: Types, actual: Types, comparison: Comparison): void {
  for (const [name, type] of Object.entries(expected)) {
    const found = actual[name];
    if (found === undefined) comparison.problems.push(`${place} ${name}: missing (${type})`);
    else if (!isSame(name, type, found)) comparison.problems.push(`${place} ${name}: ${type}, not ${found}`);
  }
  comparison.additions.push(
    ...Object.keys(actual)
      .filter((name) => !(name in expected))
      .map((name) => `${place} ${name}`),
  );
}

/** The types a list can tell are those of the installed package types: some of the reference's. */
function isSame(name: string, expected: string, actual: string): boolean {
  if (!name.startsWith('pulp_type') || actual === expected) return actual === expected;
  const [wanted, found] = [typesIn(expected), typesIn(actual)];
  return found.isSubsetOf(wanted) && actual.replace(/enum\(.*\)|string/, '') === expected.replace(/enum\(.*\)/, '');
}

function typesIn(type: string): Set<string> {
  return new Set(/enum\((.*)\)/.exec(type)?.[1]?.split('|') ?? []);
}

/** Compares the components an operation leads to, each once; returns how many of them have problems. */
function problemsOfComponents(
  operation: OperationFacts,
  expected: Facts,
  actual: Facts,
  comparison: Comparison,
  seen: Map<string, number>,
): number {
  const reached = reachable(
    [...Object.values(operation.request ?? {}), ...Object.values(operation.responses)],
    expected,
  );
  for (const name of reached) {
    if (seen.has(name)) continue;
    const before = comparison.problems.length;
    const fields = actual.components[name];
    if (fields) compareTypes(name, expected.components[name] ?? {}, fields, comparison);
    else comparison.problems.push(`${name}: missing`);
    seen.set(name, comparison.problems.length - before);
  }
  return [...reached].filter((name) => (seen.get(name) ?? 0) > 0).length;
}

function reachable(types: readonly string[], facts: Facts): Set<string> {
  const names = new Set<string>();
  const open = [...types];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    for (const [, name] of text.matchAll(/\$([\w.-]+)/g)) {
      if (names.has(name!)) continue;
      names.add(name!);
      open.push(...Object.values(facts.components[name!] ?? {}));
    }
  }
  return names;
}
