/** Units on their way through a sync: what was declared of them and what has become of their artifacts so far. */
import type { ArtifactSource } from '../../model/content/content-artifact.ts';
import type { DeclaredArtifact, DeclaredContent } from '../../plugin-api/contracts/declared-content.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';

export interface SyncArtifact {
  readonly declared: DeclaredArtifact;
  /** Row of the bytes, once they are there. */
  artifactId: number | null;
  /** Bytes that were received and have no row yet. */
  received: TempArtifact | null;
  /** Where else the same bytes are; tried before upstream. */
  alternates: readonly ArtifactSource[];
}

export interface SyncUnit {
  declared: DeclaredContent;
  readonly artifacts: readonly SyncArtifact[];
  /** Gives back the room its downloads take. */
  release?: () => void;
}

export function syncUnit(declared: DeclaredContent): SyncUnit {
  const artifacts = declared.artifacts.map((artifact) => ({
    declared: artifact,
    artifactId: artifact.artifactId ?? null,
    received: artifact.temp ?? null,
    alternates: [],
  }));
  return { declared, artifacts };
}

/** Neither here nor received. */
export function isLacking(artifact: SyncArtifact): boolean {
  return artifact.artifactId === null && artifact.received === null;
}

/** Must be fetched in this sync. */
export function isWanted(artifact: SyncArtifact): boolean {
  return isLacking(artifact) && !artifact.declared.deferred;
}
