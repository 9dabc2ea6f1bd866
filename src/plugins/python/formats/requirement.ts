/** Requirements by PEP 508: a project name with extras, version specifiers and a marker that is kept as text. */
import { normalizeName } from './project-name.ts';
import { parseSpecifiers, type SpecifierSet } from './specifier.ts';

export interface Requirement {
  readonly name: string;
  readonly normalized: string;
  readonly specifiers: SpecifierSet;
  /** The specifiers as written, without parentheses. */
  readonly specifierText: string;
}

const NAME = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*/;
const EXTRAS =
  /^\[\s*(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\s*,\s*[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)*)?\s*\]\s*/;

/** What is wrong with a requirement. */
export class InvalidRequirement extends Error {
  override readonly name = 'InvalidRequirement';
}

/** Shows as well where it went wrong. */
const invalid = (reason: string, text: string, at: number) =>
  new InvalidRequirement(`${reason}\n    ${text}\n    ${' '.repeat(at)}^`);

/** Reads a requirement. Throws InvalidRequirement with a text for people. */
export function parseRequirement(text: string): Requirement {
  const trimmed = text.trim();
  const name = NAME.exec(trimmed);
  if (!name) throw invalid('Expected package name at the start of dependency specifier', trimmed, 0);
  let rest = trimmed.slice(name[0].length);
  const extras = EXTRAS.exec(rest);
  if (extras) rest = rest.slice(extras[0].length);
  const marker = rest.indexOf(';');
  const specifierText = withoutParentheses((marker < 0 ? rest : rest.slice(0, marker)).trim());
  const specifiers = specifierText.startsWith('@') ? parseSpecifiers('') : parseSpecifiers(specifierText);
  if (!specifiers) {
    const reason = 'Expected semicolon (after name with no version specifier) or end';
    throw invalid(reason, trimmed, trimmed.length - rest.length);
  }
  return { name: name[1]!, normalized: normalizeName(name[1]!), specifiers, specifierText };
}

function withoutParentheses(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : text;
}
