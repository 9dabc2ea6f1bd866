/** Cron expressions of five fields in a time zone: parsing, and the next time at which one is due. */

interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** With both kinds of days limited, either of them is enough. */
  readonly anyDay: boolean;
  readonly anyWeekday: boolean;
}

const words: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayMs = 86_400_000;
/** 29 February of a given weekday comes every 28 years, or 40 around the turn of a century. */
const searchDays = 366 * 41;

/** Throws RangeError with the reason for what is not a cron expression. */
export function parseCron(expression: string): Cron {
  const text = words[expression.trim().toLowerCase()] ?? expression.trim();
  const [minute, hour, day, month, weekday, ...rest] = text.split(/\s+/) as [string, string, string, string, string];
  if (weekday === undefined || rest.length > 0) {
    throw new RangeError('A cron expression has five fields: minute, hour, day, month, day of the week.');
  }
  return {
    minutes: parseField(minute, 0, 59),
    hours: parseField(hour, 0, 23),
    days: new Set(parseField(day, 1, 31)),
    months: new Set(parseField(month, 1, 12, monthNames)),
    weekdays: new Set(parseField(weekday, 0, 7, dayNames).map((number) => number % 7)),
    anyDay: day.startsWith('*'),
    anyWeekday: weekday.startsWith('*'),
  };
}

function parseField(field: string, low: number, high: number, names: readonly string[] = []): number[] {
  const numbers = field.split(',').flatMap((part) => parsePart(part, low, high, names));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function parsePart(part: string, low: number, high: number, names: readonly string[]): number[] {
  const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
  if (!match) throw new RangeError(`“${part}” is not a field of a cron expression.`);
  const [, from, to, step] = match;
  const number = (word: string) => {
    const index = names.indexOf(word.toLowerCase());
    const value = index >= 0 ? index + low : Number(word);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(`“${word}” is not between ${low} and ${high}.`);
    }
    return value;
  };
  const first = from === undefined ? low : number(from);
  const last = to !== undefined ? number(to) : from === undefined || step !== undefined ? high : first;
  const by = step === undefined ? 1 : Number(step);
  if (by < 1 || last < first) throw new RangeError(`“${part}” names no value.`);
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
}

/** The first time after `after` at which the expression is due, or undefined when that is never. */
export function nextTime(cron: Cron, timeZone: string, after: Date): Date | undefined {
  const clock = wallClock(timeZone);
  const today = Math.floor(clock(after.getTime()) / dayMs) * dayMs;
  for (let index = 0; index < searchDays; index++) {
    const day = today + index * dayMs;
    if (!matchesDay(cron, new Date(day))) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const instant = instantOf(clock, day + hour * 3_600_000 + minute * 60_000);
        if (instant > after.getTime()) return new Date(instant);
      }
    }
  }
  return undefined;
}

function matchesDay(cron: Cron, day: Date): boolean {
  if (!cron.months.has(day.getUTCMonth() + 1)) return false;
  const byDay = cron.days.has(day.getUTCDate());
  const byWeekday = cron.weekdays.has(day.getUTCDay());
  return cron.anyDay || cron.anyWeekday ? byDay && byWeekday : byDay || byWeekday;
}

/** The time shown by clocks in the zone at an instant, both as milliseconds. */
function wallClock(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  };
}

/** When clocks show the time first; a time that is skipped when they are put forward is moved behind the gap. */
function instantOf(clock: (instant: number) => number, wall: number): number {
  const early = wall - (clock(wall - dayMs) - (wall - dayMs));
  if (clock(early) === wall) return early;
  const late = wall - (clock(wall + dayMs) - (wall + dayMs));
  return clock(late) === wall ? late : early;
}
