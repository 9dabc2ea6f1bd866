/** Saves declared units as tasks, hooks and requests do it: bytes first, then units found by their keys or made. */
import type { Transaction } from '../../db/database.ts';
import { findContent, type SavedUnit, saveContent, touchContent, type Unit } from '../../model/content/content.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { DeclaredContent, SavedContent } from '../../plugin-api/contracts/declared-content.ts';
import { saveReceived } from './save-received.ts';
import { unitOf } from './unit-of.ts';

/** Declared units whose bytes are artifacts now, ready to be saved: those given, and after them those that came with them. */
export interface PreparedUnits {
  readonly given: readonly DeclaredContent[];
  readonly units: readonly Unit[];
}

/** Makes artifacts of all bytes that were received for the units, at once. */
export async function prepareUnits(
  services: Services,
  domain: Domain,
  given: readonly DeclaredContent[],
): Promise<PreparedUnits> {
  const all = [...given, ...given.flatMap(({ companions = [] }) => companions)];
  const temps = [...new Set(all.flatMap(({ artifacts }) => artifacts.flatMap(({ temp }) => temp ?? [])))];
  const saved = await saveReceived(services, domain, temps);
  const ids = new Map(temps.map((temp, at) => [temp, saved[at]!.id]));
  const units = all.map((unit) => {
    const artifacts = unit.artifacts.map((one) => (one.temp ? { ...one, artifactId: ids.get(one.temp)! } : one));
    return unitOf({ ...unit, artifacts });
  });
  return { given, units };
}

/** Finds or makes the units and holds them until the transaction ends; answers all of them in the order of `units`. */
export async function saveUnits(
  tx: Transaction,
  domainId: number,
  units: readonly Unit[],
): Promise<readonly SavedUnit[]> {
  await findContent(tx, domainId, units);
  const saved = await saveContent(tx, domainId, units);
  const old = saved.filter((one) => one.existed).map((one) => one.id);
  if (old.length > 0) await touchContent(tx, old);
  return saved;
}

/** What plugins are told of the units they gave. */
export function savedContent({ given }: PreparedUnits, saved: readonly SavedUnit[]): SavedContent[] {
  return given.map(({ type, values }, at) => {
    const { id, pulpId, existed } = saved[at]!;
    return { id, pulpId, existed, type, values };
  });
}
