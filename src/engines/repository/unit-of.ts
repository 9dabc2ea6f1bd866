/** Turns a declared unit into one that can be saved: its natural key, and for each path the bytes or where to get them. */
import type { Unit } from '../../model/content/content.ts';
import type { ArtifactSource } from '../../model/content/content-artifact.ts';
import { naturalKeyOf } from '../../model/content/natural-key.ts';
import type { DeclaredArtifact, DeclaredContent } from '../../plugin-api/contracts/declared-content.ts';

/** `source` tells where upstream has an artifact, if it is to be remembered. */
export function unitOf(
  declared: DeclaredContent,
  source: (artifact: DeclaredArtifact) => ArtifactSource | undefined = () => undefined,
): Unit {
  return {
    type: declared.type,
    key: naturalKeyOf(declared.type, declared.values),
    values: declared.values,
    labels: declared.labels,
    artifacts: declared.artifacts.map((artifact) => ({
      relativePath: artifact.relativePath,
      artifactId: artifact.artifactId ?? null,
      source: source(artifact),
    })),
  };
}
