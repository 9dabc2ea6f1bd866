/** What archives know of the installed package types: their components, and the records of their content and repositories. */
import type { ExportResource } from '../../plugin-api/declare/export-resource.ts';

export interface ComponentVersion {
  readonly component: string;
  readonly version: string;
}

export class ExportTypes {
  readonly resources: readonly ExportResource[];
  /** The core's and each package type's. */
  readonly versions: readonly ComponentVersion[];
  readonly #contentOf: (pulpType: string) => readonly string[];

  /** `contentOf` names the content types of a repository type. */
  constructor(
    resources: readonly ExportResource[],
    versions: readonly ComponentVersion[],
    contentOf: (pulpType: string) => readonly string[],
  ) {
    this.resources = resources;
    this.versions = versions;
    this.#contentOf = contentOf;
  }

  /** Throws for a repository type whose content cannot be told to others. */
  resourcesOf(pulpType: string): readonly ExportResource[] {
    const types = this.#contentOf(pulpType);
    const found = this.resources.filter(({ content, repository }) =>
      content ? types.includes(content.pulpType) : repository?.pulpType === pulpType,
    );
    const told = new Set(
      found.flatMap(({ content, leaves = [] }) => [content?.pulpType, ...leaves.map((type) => type.pulpType)]),
    );
    const untold = types.filter((type) => !told.has(type));
    if (untold.length > 0) {
      throw new Error(
        `Repositories of type ${pulpType} cannot be exported or imported: there are no records of ${untold.join(', ')}.`,
      );
    }
    return found;
  }
}
