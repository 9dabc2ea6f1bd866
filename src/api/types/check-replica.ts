/** Whether what a replication takes from upstream could be asked for here too: checked by the fields of the resources. */

import type { ReplicaCheck } from '../../engines/replication/replication-parts.ts';
import { ValidationError } from '../../lib/errors.ts';
import { relativePathError } from '../../lib/http/relative-path.ts';
import type { Replicator } from '../../plugin-api/contracts/replicate.ts';
import { fieldErrors, textOf } from '../engine/field-errors.ts';
import { distributionResource } from './distribution-resource.ts';
import { checkUrl, remoteResource } from './remote-resource.ts';
import { repositoryResource } from './repository-resource.ts';

export function replicaCheck(replicators: readonly Replicator[]): ReplicaCheck {
  const fields = new Map(replicators.map((one) => [one, fieldsOf(one)]));
  return (replicator, { distribution, repository, remote }) => {
    const by = fields.get(replicator)!;
    return [
      ...fieldErrors(by.distribution, distribution),
      ...pathError(distribution.base_path),
      ...fieldErrors(by.repository, repository).map((one) => `repository ${one}`),
      ...fieldErrors(by.remote, remote).map((one) => `remote ${one}`),
      ...urlError(remote.url).map((one) => `remote ${one}`),
    ];
  };
}

function fieldsOf({ distribution, repository, remote }: Replicator) {
  return {
    distribution: distributionResource(distribution).fields,
    repository: repositoryResource(repository).fields,
    remote: remoteResource(remote).fields,
  };
}

function pathError(path: unknown): string[] {
  const error = typeof path === 'string' && path !== '' ? relativePathError(path) : undefined;
  return error ? [`base_path: ${error}`] : [];
}

/** Nothing that upstream tells may lead to files of this server. */
function urlError(url: unknown): string[] {
  if (typeof url !== 'string') return [];
  try {
    checkUrl(url, []);
    return [];
  } catch (error) {
    if (error instanceof ValidationError) return [textOf(error.body)];
    throw error;
  }
}
