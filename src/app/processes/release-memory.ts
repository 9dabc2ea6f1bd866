/** Gives memory back when a process has become idle: the engine collects only when it needs space, which on a large machine is late. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between looks. */
const INTERVAL = 2_000;
/** Share of one processor below which a process counts as idle. */
const IDLE_SHARE = 0.03;
/** Bytes of heap below which it is not worth a collection. */
const WORTH = 64 * 1024 * 1024;

/** Watches the process; the watching keeps it from ending no longer than anything else does. */
export function releaseMemoryWhenIdle(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let before = process.cpuUsage();
  let wasBusy = false;
  const look = () => {
    const used = process.cpuUsage(before);
    before = process.cpuUsage();
    const busy = (used.user + used.system) / 1000 > INTERVAL * IDLE_SHARE;
    if (wasBusy && !busy && process.memoryUsage().heapTotal > WORTH) {
      collect();
      before = process.cpuUsage();
    }
    wasBusy = busy;
  };
  setInterval(look, INTERVAL).unref();
}
