/** Dates in HTTP headers (RFC 9110 §5.6.7). */

let lastSecond = -1;
let lastText = '';

/** A date as `Sun, 06 Nov 1994 08:49:37 GMT`; milliseconds are cut off. */
export function formatHttpDate(date: Date | number): string {
  const second = Math.floor(Number(date) / 1000);
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toUTCString();
    lastSecond = second;
  }
  return lastText;
}

/** The three forms a client may send: fixed, RFC 850 and asctime. */
const FORMS =
  /^(?:\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT|\w{6,9}, \d{2}-\w{3}-\d{2} [\d:]{8} GMT|\w{3} \w{3} [\d ]\d [\d:]{8} \d{4})$/;

/** Milliseconds since 1970 of a date header, or undefined when it is none (an invalid date is to be ignored). */
export function parseHttpDate(text: string): number | undefined {
  if (!FORMS.test(text)) return undefined;
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
