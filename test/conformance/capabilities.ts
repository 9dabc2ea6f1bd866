/** What a package type can do, read from its declarations; the suite skips by name what it cannot. */
import type { PluginConformance } from './plugin-conformance.ts';

export type Capability =
  | 'sync'
  | 'additive sync'
  | 'mirror'
  | 'optimize'
  | 'on demand'
  | 'hostile upstreams'
  | 'publications'
  | 'autopublish'
  | 'checkpoints'
  | 'distributions'
  | 'index'
  | 'upload'
  | 'synchronous upload'
  | 'refused uploads'
  | 'modify'
  | 'replication'
  | 'archives'
  | 'roles';

/** Capabilities that are there. */
export function capabilitiesOf(description: PluginConformance): ReadonlySet<Capability> {
  const { plugin, repository, content, remote, publication, distribution, upstream } = description;
  const isSynced = repository.sync !== undefined && remote !== undefined && upstream !== undefined;
  const isServed = distribution !== undefined;
  const there: Readonly<Record<Capability, boolean>> = {
    sync: isSynced,
    'additive sync': isSynced && upstream.additive !== undefined,
    mirror: isSynced && upstream.mirror !== undefined,
    optimize: isSynced && 'optimize' in repository.sync!.fields,
    'on demand': isSynced && !remote.fixedPolicy,
    'hostile upstreams': isSynced && upstream.hostile.length > 0,
    publications: publication !== undefined,
    autopublish:
      publication !== undefined && repository.autopublish !== undefined && 'autopublish' in fieldsOf(repository),
    checkpoints: publication?.checkpoint === true && distribution?.checkpoint === true,
    distributions: isServed,
    index: isServed && description.listing !== undefined,
    upload: content.upload !== undefined,
    'synchronous upload': content.upload?.synchronous !== undefined,
    'refused uploads': content.upload !== undefined && (description.refused ?? []).length > 0,
    modify: repository.modify !== false,
    replication: isServed && isSynced && (plugin.replicate ?? []).some((one) => one.distribution === distribution),
    archives: (plugin.exportResources ?? []).some((one) => one.content === content),
    roles: repository.hasRoles !== false,
  };
  return new Set((Object.keys(there) as Capability[]).filter((name) => there[name]));
}

const fieldsOf = (type: { readonly fields?: object }): object => type.fields ?? {};
