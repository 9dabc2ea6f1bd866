/** The HTML page that lists a directory, in the exact form that scrapers of Pulp's pages know (core.md §5.4). */
import { encodePath } from './relative-path.ts';

/** One line: directories have a name ending in `/`; date and size are left out when unknown. */
interface ListingEntry {
  name: string;
  date?: Date | number | undefined;
  size?: number | undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const NAME_COLUMNS = 100;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => ENTITIES[character]!);
}

/** A size in decimal units: `1 Byte`, `151 Bytes`, `1.5 kB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 Byte' : `${bytes} Bytes`;
  let power = 1;
  while (power < UNITS.length && bytes >= 1000 ** (power + 1)) power++;
  return `${oneDecimal(bytes / 1000 ** power)} ${UNITS[power - 1]}`;
}

/** Exact ties go to the even digit, as Pulp rounds; toFixed would send them up. */
function oneDecimal(value: number): string {
  const tenths = value * 10;
  const floor = Math.floor(tenths);
  if (tenths - floor !== 0.5 || (value * 4) % 1 !== 0) return value.toFixed(1);
  return ((floor % 2 === 0 ? floor : floor + 1) / 10).toFixed(1);
}

/** A date in UTC as `05-Nov-2024 13:07`. */
export function formatListingDate(date: Date | number): string {
  const day = new Date(date);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(day.getUTCHours())}:${two(day.getUTCMinutes())}`;
  return `${two(day.getUTCDate())}-${MONTHS[day.getUTCMonth()]}-${day.getUTCFullYear()} ${time}`;
}

/** Order of the names' UTF-8 bytes; JavaScript's own order differs beyond the basic plane only. */
function byName(left: ListingEntry, right: ListingEntry): number {
  if (left.name === right.name) return 0;
  const wide = /[\ud800-\uffff]/;
  if (wide.test(left.name) || wide.test(right.name)) {
    return Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));
  }
  return left.name < right.name ? -1 : 1;
}

/** Pulp counts columns on the escaped name and keeps the padding and the two spaces even when date or size are unknown. */
export function listingLine({ name, date, size }: ListingEntry): string {
  const shown = escapeHtml(name);
  const padding = ' '.repeat(Math.max(0, NAME_COLUMNS - [...shown].length));
  const dateText = date === undefined ? '' : formatListingDate(date);
  const sizeText = size === undefined || name.endsWith('/') ? '' : formatSize(size);
  return `<a href="./${escapeHtml(hrefOf(name))}">${shown}</a>${padding}${dateText}  ${sizeText}\n`;
}

/** Names stand in links as they are, but for what a client would read as an escape, a query or a fragment. */
function hrefOf(name: string): string {
  return /[%?#]/.test(name) ? encodePath(name) : name;
}

/** What stands before and after the lines of a page; `parent: false` leaves out the line to the directory above. */
export function listingFrame(title: string, options: { parent?: boolean } = {}): { head: string; foot: string } {
  const shown = escapeHtml(title);
  const head = `\n<html>\n<head><title>Index of ${shown}</title></head>\n<body bgcolor="white">\n<h1>Index of ${shown}</h1>\n`;
  const parent = options.parent === false ? '' : '<a href="../">../</a>';
  return { head: `${head}<hr><pre>${parent}\n`, foot: '</pre><hr></body>\n</html>' };
}

/** The page for the directory `title`. Entries may come in any order. */
export function htmlListing(
  title: string,
  entries: readonly ListingEntry[],
  options: { parent?: boolean } = {},
): string {
  const { head, foot } = listingFrame(title, options);
  return head + [...entries].sort(byName).map(listingLine).join('') + foot;
}
