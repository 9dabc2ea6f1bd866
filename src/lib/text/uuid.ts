/** The text form of identifiers: recognised, and found within hrefs and PRNs. */

/** Source of a regular expression for one with its dashes. */
export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const WHOLE = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const ANY = new RegExp(UUID, 'gi');
const AT_END = new RegExp(`(?:^|[/:])(${UUID})/?$`, 'i');

/** Whether the database takes the text for one: with dashes or without. */
export function isUuid(text: string): boolean {
  return WHOLE.test(text);
}

/** The last one in a text, in lower case. */
export function lastUuid(text: string): string | undefined {
  return text.match(ANY)?.at(-1)?.toLowerCase();
}

/** The one at the end of an href or PRN, in lower case. */
export function uuidAtEnd(text: string): string | undefined {
  return AT_END.exec(text)?.[1]?.toLowerCase();
}
