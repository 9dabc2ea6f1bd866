/** How values of the database become JavaScript values: only types that JSON and the wire can carry exactly. */
import pg from 'pg';

type Parser = (text: string) => unknown;

/** bigint: a number, refused when it cannot be exact. */
export function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a JavaScript number`);
  return value;
}

/** timestamptz as sent in a UTC session (`2026-11-22 10:47:38.42+00`) to ISO 8601 with six digits and Z. */
export function parseTimestamp(text: string): string {
  if (!text.endsWith('+00')) return text; // infinity and dates before Christ stay as they are
  const seconds = text.length - 3;
  const fraction = seconds - 20; // digits behind `YYYY-MM-DD HH:MM:SS.`
  const head = `${text.slice(0, 10)}T`;
  if (fraction <= 0) return `${head}${text.slice(11, seconds)}.000000Z`;
  if (fraction === 6) return `${head}${text.slice(11, seconds)}Z`;
  return `${head}${text.slice(11, seconds).padEnd(15, '0')}Z`;
}

const asText: Parser = (text) => text;

// The driver's type declarations describe another version of this function.
const arrayParser = pg.types.arrayParser as unknown as {
  create(text: string, parseEntry: (entry: string | null) => unknown): { parse(): unknown[] };
};

function arrayOf(parse: Parser): Parser {
  return (text) => arrayParser.create(text, (entry) => (entry === null ? null : parse(entry))).parse();
}

const parsers = new Map<number, Parser>([
  [20, parseBigint],
  [1016, arrayOf(parseBigint)],
  [1184, parseTimestamp],
  [1185, arrayOf(parseTimestamp)],
  [1114, asText], // timestamp without time zone
  [1082, asText], // date
  [1186, asText], // interval
  [1700, asText], // numeric: exact only as text
  [1231, arrayOf(asText)],
  [2951, arrayOf(asText)], // uuid[]
]);

/** Given to every connection; falls back to the driver for types not listed here. */
export const valueTypes = {
  getTypeParser(oid: number, format?: string): unknown {
    return (format === 'binary' ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format as 'text');
  },
} as pg.CustomTypesConfig;
