/** Percent escapes of URLs that others write: not all are UTF-8, and a bare percent sign is common. */

/** The text without its escapes; as it is when they are no UTF-8 or no escapes. */
export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
