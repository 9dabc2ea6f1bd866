/** Tells whether a process that was noted earlier still exists on this machine. */
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * What distinguishes this process from every other one with the same number: system start, pid name space and the time
 * at which it was started. Null where the system does not tell.
 */
export function processKey(): string | null {
  const space = processSpace();
  const started = startTimeOf(process.pid);
  return space && started ? `${space} ${started}` : null;
}

/** True only when it is certain: same running system, same name space, and no such process or another one. */
export function isGone(pid: number, key: string | null): boolean {
  const space = processSpace();
  if (!space || !key?.startsWith(`${space} `)) return false;
  return key !== `${space} ${startTimeOf(pid)}`;
}

/** Process numbers only mean something within one name space of one running system; undefined where the system does not tell which. */
export function processSpace(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Start of a process in clock ticks since boot, which tells it from a later one with the same number; undefined when there is none. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; only its parent has not looked yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/**
 * The part of `deckle <role> <12 hex digits> …`, the name of a process's connections, that no other process has; its temporary files
 * begin with it. Undefined for names that several may have.
 */
export function processTag(applicationName: string): string | undefined {
  return /^deckle \w+ ([0-9a-f]{12})/.exec(applicationName)?.[1];
}
