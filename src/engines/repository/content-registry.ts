/** The declared content, repository and publication types by their pulp_type: what engines know of plugins. */

import type { Plugin } from '../../plugin-api/contracts/plugin.ts';
import type { PublicationType } from '../../plugin-api/contracts/publish.ts';
import type { RepositoryType } from '../../plugin-api/contracts/repository.ts';
import type { UploadReader } from '../../plugin-api/contracts/upload.ts';
import type { ContentType } from '../../plugin-api/declare/content.ts';

export class ContentRegistry {
  readonly contentTypes: readonly ContentType[];
  readonly repositoryTypes: readonly RepositoryType[];
  readonly publicationTypes: readonly PublicationType[];
  readonly #uploads: ReadonlyMap<string, UploadReader>;

  constructor(plugins: readonly Plugin[]) {
    this.contentTypes = plugins.flatMap((plugin) => plugin.contentTypes);
    this.repositoryTypes = plugins.flatMap((plugin) => plugin.repositories);
    this.publicationTypes = plugins.flatMap((plugin) => plugin.publications);
    const uploads = plugins.flatMap((plugin) => plugin.uploads ?? []);
    this.#uploads = new Map(uploads.map((reader) => [reader.content.pulpType, reader]));
  }

  contentType(pulpType: string): ContentType {
    return found(this.contentTypes, pulpType, 'content');
  }
  repositoryType(pulpType: string): RepositoryType {
    return found(this.repositoryTypes, pulpType, 'repository');
  }
  publicationType(pulpType: string): PublicationType {
    return found(this.publicationTypes, pulpType, 'publication');
  }
  /** Undefined for content that cannot be uploaded. */
  uploadReader(pulpType: string): UploadReader | undefined {
    return this.#uploads.get(pulpType);
  }
}

function found<T extends { readonly pulpType: string }>(types: readonly T[], pulpType: string, what: string): T {
  const type = types.find((one) => one.pulpType === pulpType);
  if (!type) throw new Error(`No ${what} type is named ${pulpType}`);
  return type;
}
