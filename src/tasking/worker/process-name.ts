/** Names of processes made from a template such as `{pid}@{hostname}`. */
import { hostname } from 'node:os';

export function processName(template: string, host: string | null): string {
  const fqdn = host ?? hostname();
  const values: Record<string, string> = {
    pid: String(process.pid),
    fqdn,
    hostname: fqdn.split('.')[0] ?? fqdn,
  };
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
}
