/** Turns a declared unit into one that can be saved: its natural key, and for each path the bytes or where to get them. */
import type { Unit } from '../../model/content/content.ts';
import type { ArtifactSource } from '../../model/content/content-artifact.ts';
import { isUnit } from '../../model/content/named-units.ts';
import { namesOf, naturalKeyOf } from '../../model/content/natural-key.ts';
import type { DeclaredArtifact, DeclaredContent, SavedContent } from '../../plugin-api/contracts/declared-content.ts';
import type { Values } from '../../plugin-api/declare/field.ts';

/** What is known of an artifact beside its declaration. */
interface ArtifactFacts {
  /** Where upstream has it, if that is to be remembered. */
  readonly source?: (artifact: DeclaredArtifact) => ArtifactSource | undefined;
  /** The artifact that its bytes are, where the declaration does not say so. */
  readonly artifactId?: (artifact: DeclaredArtifact) => number | undefined;
}

/** Units that it names are turned too, and are saved with it. */
export function unitOf(declared: DeclaredContent, facts: ArtifactFacts = {}): Unit {
  const { type, labels } = declared;
  const values = namesOf(type).size === 0 ? declared.values : withUnits(declared, facts);
  return {
    type,
    key: naturalKeyOf(type, values),
    values,
    labels,
    artifacts: declared.artifacts.map((artifact) => ({
      relativePath: artifact.relativePath,
      artifactId: artifact.artifactId ?? facts.artifactId?.(artifact) ?? null,
      source: facts.source?.(artifact),
    })),
  };
}

function withUnits({ type, values }: DeclaredContent, facts: ArtifactFacts): Values {
  const turned: Record<string, unknown> = { ...values };
  for (const [name, by] of namesOf(type)) {
    const turn = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turn);
      if (isUnit(value) || value === null || value === undefined) return value;
      if (isDeclared(value)) return namedUnit(value, facts);
      if (isSaved(value)) return { ...value, artifacts: [], existed: true, fixed: true };
      if (typeof by === 'object') return value;
      throw new Error(`The column ${name} of ${type.pulpType} names units, but was given ${typeof value}`);
    };
    turned[name] = turn(values[name]);
  }
  return turned;
}

/** Its key is part of the one that names it, so its values must be known. */
function namedUnit(declared: DeclaredContent, facts: ArtifactFacts): Unit {
  if (declared.complete) throw new Error(`A unit of type ${declared.type.pulpType} that is completed cannot be named`);
  return unitOf(declared, facts);
}

/** The units that a declared one names. */
export function namedDeclarations({ type, values }: DeclaredContent): readonly DeclaredContent[] {
  const names = namesOf(type);
  if (names.size === 0) return NONE;
  return [...names.keys()].flatMap((name) => values[name]).filter(isDeclared);
}

const NONE: readonly DeclaredContent[] = [];

function isDeclared(value: unknown): value is DeclaredContent {
  return typeof value === 'object' && value !== null && 'type' in value && 'artifacts' in value && !('key' in value);
}

function isSaved(value: unknown): value is SavedContent {
  return typeof value === 'object' && value !== null && 'existed' in value && 'key' in value;
}
