/** Saves declared units as tasks, hooks and requests do it: bytes first, then units found by their keys or made. */
import type { Transaction } from '../../db/database.ts';
import { findContent, type SavedUnit, saveContent, touchContent, type Unit } from '../../model/content/content.ts';
import { withNamed } from '../../model/content/named-units.ts';
import type { Domain, Services } from '../../plugin-api/contracts/context.ts';
import type { DeclaredArtifact, DeclaredContent, SavedContent } from '../../plugin-api/contracts/declared-content.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import { saveReceived } from './save-received.ts';
import { namedDeclarations, unitOf } from './unit-of.ts';

/** Declared units whose bytes are artifacts now, ready to be saved: those given, and after them those that came with them. */
interface PreparedUnits {
  readonly given: readonly DeclaredContent[];
  readonly units: readonly Unit[];
  /** Received bytes that are artifacts now. */
  readonly kept: readonly TempArtifact[];
}

/** Makes artifacts of all bytes that were received for the units and for those they name, at once. */
export async function prepareUnits(
  services: Services,
  domain: Domain,
  given: readonly DeclaredContent[],
): Promise<PreparedUnits> {
  const all = [...given, ...given.flatMap(({ companions = [] }) => companions)];
  const temps = receivedFor(all);
  const saved = await saveReceived(services, domain, temps);
  const ids = new Map(temps.map((temp, at) => [temp, saved[at]!.id]));
  const artifactId = ({ temp }: DeclaredArtifact) => temp && ids.get(temp);
  return { given, kept: temps, units: all.map((unit) => unitOf(unit, { artifactId })) };
}

/** Bytes that were received for units and for those they name, each once. */
export function receivedFor(units: readonly DeclaredContent[]): TempArtifact[] {
  const reached = new Set(units);
  for (const unit of reached) for (const one of namedDeclarations(unit)) reached.add(one);
  return [...new Set([...reached].flatMap(({ artifacts }) => artifacts.flatMap(({ temp }) => temp ?? [])))];
}

/** Finds or makes the units, and those they name, and holds them until the transaction ends; answers those given, in their order. */
export async function saveUnits(
  tx: Transaction,
  domainId: number,
  units: readonly Unit[],
): Promise<readonly SavedUnit[]> {
  await findContent(tx, domainId, units);
  const saved = await saveContent(tx, domainId, units);
  const old = withNamed(units).flatMap((one) => (one.existed ? one.id! : []));
  if (old.length > 0) await touchContent(tx, old);
  return saved;
}

/** What plugins are told of the units they gave. */
export function savedContent({ given }: PreparedUnits, saved: readonly SavedUnit[]): SavedContent[] {
  return given.map(({ type, values }, at) => {
    const { id, pulpId, key, existed } = saved[at]!;
    return { id, pulpId, key, existed, type, values };
  });
}
