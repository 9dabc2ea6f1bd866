/** Compares a distribution here with how it shall be: which act that is, and the values before and after. */
import type { Values } from '../../../plugin-api/declare/field.ts';
import type { Ownership } from './ownership.ts';
import {
  type Act,
  type Holding,
  type Labels,
  type LocalDistribution,
  type LocalRemote,
  type LocalRepository,
  OWNER_LABEL,
  type Wanted,
} from './plan-types.ts';

export interface Change {
  readonly act: Act;
  readonly old: Values;
  readonly new: Values;
}

interface Compared {
  readonly wanted: Wanted;
  readonly distribution: LocalDistribution;
  readonly ownership: Ownership;
  readonly upstreamId: string;
  readonly holding: Holding | undefined;
  readonly needsSync: boolean;
  /** Changes of the repository and the remote. */
  readonly stores: { readonly old: Values; readonly new: Values };
}

export function compare(compared: Compared): Change {
  const { wanted, distribution, ownership, holding, needsSync, stores } = compared;
  const fields = changedFields(compared);
  const pointer = !needsSync && holding ? pointerChange(distribution, holding) : { old: {}, new: {} };
  const content = needsSync
    ? { old: { watermark: holding?.watermark ?? null }, new: { watermark: wanted.watermark } }
    : { old: {}, new: {} };
  const parts = [fields, pointer, content, stores];
  const old = Object.assign({}, ...parts.map((part) => part.old)) as Values;
  const now = Object.assign({}, ...parts.map((part) => part.new)) as Values;
  return { act: actOf(ownership, old, now, distribution, wanted, pointer.new), old, new: now };
}

function actOf(
  ownership: Ownership,
  old: Values,
  now: Values,
  distribution: LocalDistribution,
  wanted: Wanted,
  pointer: Values,
): Act {
  if (ownership !== 'mine') return 'takeover';
  if (distribution.name !== wanted.name) return 'rename';
  if (distribution.basePath !== wanted.basePath) return 'move';
  const names = Object.keys({ ...old, ...now });
  if (names.length === 0) return 'unchanged';
  return names.every((name) => name in pointer) ? 'flip' : 'update';
}

function changedFields({ wanted, distribution, upstreamId }: Compared): { old: Values; new: Values } {
  const labels = ownLabels(wanted.labels, upstreamId);
  const guard = wanted.guard === undefined ? distribution.guard : wanted.guard;
  return differing(
    {
      name: distribution.name,
      base_path: distribution.basePath,
      pulp_labels: distribution.labels,
      hidden: distribution.hidden,
      content_guard: distribution.guard,
      ...pick(distribution.details, wanted.details),
    },
    {
      name: wanted.name,
      base_path: wanted.basePath,
      pulp_labels: labels,
      hidden: wanted.hidden,
      content_guard: guard,
      ...wanted.details,
    },
  );
}

function pointerChange(distribution: LocalDistribution, holding: Holding): { old: Values; new: Values } {
  const { repositoryId, versionId, publicationId, pinnedId } = distribution;
  return differing(
    { repository: repositoryId, publication: publicationId, repository_version: versionId, pinned: pinnedId },
    { repository: null, publication: null, repository_version: holding.versionId, pinned: holding.publicationId },
  );
}

/** What changes in the repository and the remote that there are; named by what they belong to. */
export function storeChanges(
  wanted: Wanted,
  upstreamId: string,
  repository: { readonly found: LocalRepository | undefined; readonly name: string },
  remote: { readonly found: LocalRemote | undefined; readonly name: string },
): { old: Values; new: Values } {
  const labels = ownLabels(wanted.labels, upstreamId);
  const ofRepository = repository.found
    ? differing(
        repositoryValues(repository.found.name, repository.found.labels, repository.found.fields, wanted),
        repositoryValues(repository.name, labels, wanted.repository, wanted),
      )
    : { old: {}, new: { repository_made: repository.name } };
  const ofRemote = remote.found
    ? differing(
        remoteValues(remote.found.name, remote.found.labels, remote.found.fields, wanted),
        remoteValues(
          remote.name,
          labels,
          { ...wanted.remote, policy: wanted.remote.policy ?? remote.found.fields.policy },
          wanted,
        ),
      )
    : { old: {}, new: { remote_made: remote.name } };
  return { old: { ...ofRepository.old, ...ofRemote.old }, new: { ...ofRepository.new, ...ofRemote.new } };
}

function repositoryValues(name: string, labels: Labels, fields: LocalRepository['fields'], wanted: Wanted): Values {
  const { details, ...rest } = fields;
  return prefixed('repository', { name, pulp_labels: labels, ...rest, ...pick(details, wanted.repository.details) });
}

function remoteValues(name: string, labels: Labels, fields: LocalRemote['fields'], wanted: Wanted): Values {
  const { url, policy, details } = fields;
  return prefixed('remote', { name, pulp_labels: labels, url, policy, ...pick(details, wanted.remote.details) });
}

function prefixed(prefix: string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** Upstream's labels with our own. */
export function ownLabels(labels: Labels, upstreamId: string): Labels {
  return { ...labels, [OWNER_LABEL]: upstreamId };
}

function pick(values: Values, names: Values): Values {
  return Object.fromEntries(Object.keys(names).map((name) => [name, values[name] ?? null]));
}

function differing(before: Values, after: Values): { old: Values; new: Values } {
  const names = Object.keys(after).filter((name) => !same(before[name], after[name]));
  return {
    old: Object.fromEntries(names.map((name) => [name, before[name] ?? null])),
    new: Object.fromEntries(names.map((name) => [name, after[name] ?? null])),
  };
}

function same(a: unknown, b: unknown): boolean {
  if ((a ?? null) === (b ?? null)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => same((a as Values)[name], (b as Values)[name]));
}
