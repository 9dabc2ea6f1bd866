/** What the making of versions needs from above: the declared types, and publishing, which is another engine's work. */
import type { VersionCounts } from '../../../model/repositories/repository-version.ts';
import type { PublishContext } from '../../../plugin-api/contracts/publish.ts';
import type { TaskContext } from '../../../plugin-api/contracts/task.ts';
import type { Repository, Version } from '../../../plugin-api/contracts/version.ts';
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { ContentRegistry } from '../content-registry.ts';

export interface PublishRequest {
  readonly version: Version;
  readonly repository: Repository;
  /** pulp_type of the publication. */
  readonly type: string;
  readonly values: Values;
  /** Instead of what the publication type does. */
  readonly build?: (context: PublishContext) => Promise<void>;
}

/** Publishes a version in the running task; returns the id of the publication. */
type PublishVersion = (context: TaskContext, request: PublishRequest) => Promise<string>;

export interface VersionEngine {
  readonly types: ContentRegistry;
  readonly publish: PublishVersion;
  /** Told what a version changes, before old versions are trimmed and it takes over their changes. */
  readonly completed?: (counts: VersionCounts) => void;
}
