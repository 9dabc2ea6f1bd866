/** Tells the operator how far a long command is: now and then while it goes on, always at its milestones. */

export interface Report {
  /** How far it is; most of these are dropped. */
  progress(text: string): void;
  /** Something the operator has to read. */
  tell(text: string): void;
}

const EVERY = 2_000;

/** Lines to a sink, at most one about progress every two seconds. */
export function lineReport(write: (line: string) => void): Report {
  let last = 0;
  return {
    progress(text) {
      const now = performance.now();
      if (now - last < EVERY) return;
      last = now;
      write(`  ${text}\n`);
    },
    tell(text) {
      write(`${text}\n`);
    },
  };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 MiB` */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
