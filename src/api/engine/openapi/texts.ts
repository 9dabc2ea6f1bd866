/** Words of the document: summaries by noun, descriptions by the way an operation is carried out. */
import type { Mode, Resource } from '../../../plugin-api/declare/resource.ts';

/** `a file repository`, `file repositories`. */
export function nounPhrases(resource: Pick<Resource, 'noun' | 'plural'>): { one: string; many: string } {
  const { noun } = resource;
  return { one: `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`, many: resource.plural ?? pluralOf(noun) };
}

function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

export function createText(mode: Mode): string {
  return mode === 'now' ? 'Creates it in the request.' : 'Starts a task that creates it.';
}

export function updateText(mode: Mode, partial: boolean): string {
  const what = partial ? 'Changes the fields that are sent' : 'Replaces all fields';
  return mode === 'now' ? `${what}.` : `${what}; a task does it unless nothing changes.`;
}

export function deleteText(mode: Mode): string {
  return mode === 'now' ? 'Deletes it in the request.' : 'Starts a task that deletes it.';
}
