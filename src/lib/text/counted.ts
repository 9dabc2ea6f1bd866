/** Numbers with their nouns in messages. */

/** `1 migration`, `23 migrations`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
