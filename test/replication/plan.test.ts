/** The plan as a table: every rule of matching, ownership and removal, and every kind of conflict. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makePlan } from '../../src/engines/replication/plan/plan.ts';
import type {
  LocalDistribution,
  LocalRemote,
  LocalRepository,
  LocalState,
  PlanInput,
  Wanted,
} from '../../src/engines/replication/plan/plan-types.ts';

const ME = 'me';
const FRIEND = 'friend';
const OTHER = 'other';

function wanted(name: string, more: Partial<Wanted> = {}): Wanted {
  const href = more.href ?? `/d/${name}/`;
  return {
    key: `file.file:${href}`,
    href,
    type: 'file.file',
    name,
    basePath: name,
    labels: {},
    hidden: false,
    details: {},
    repositoryType: 'file.file',
    repository: { description: null, retain_repo_versions: null, retain_checkpoints: null, details: {} },
    remoteType: 'file.file',
    remote: { url: `http://up/${name}/`, details: {} },
    sync: {},
    watermark: `${href}@1`,
    revision: '1',
    counts: null,
    versionHref: null,
    ...more,
  };
}

/** A distribution with its repository, remote and holding, as a run of `owner` leaves them; null is made by hand. */
interface Here {
  readonly name: string;
  readonly owner?: string | null;
  readonly basePath?: string;
  readonly type?: string;
  readonly live?: boolean;
  readonly href?: string;
  readonly watermark?: string;
  readonly withStores?: boolean;
}

function local(here: readonly Here[], more: Partial<LocalState> = {}): LocalState {
  const label = (owner: string | null | undefined): Record<string, string> => (owner ? { UpstreamPulp: owner } : {});
  const distributions = here.map(
    (one): LocalDistribution => ({
      id: `D-${one.name}`,
      type: one.type ?? 'file.file',
      name: one.name,
      basePath: one.basePath ?? one.name,
      labels: label(one.owner),
      hidden: false,
      guard: null,
      details: {},
      repositoryId: one.live ? `R-${one.name}` : null,
      versionId: one.live ? null : `V-${one.name}`,
      publicationId: null,
      pinnedId: one.live ? null : `P-${one.name}`,
      behindId: `R-${one.name}`,
    }),
  );
  const stores = here.filter((one) => one.withStores !== false);
  const repositories = stores.map(
    (one): LocalRepository => ({
      id: `R-${one.name}`,
      type: one.type ?? 'file.file',
      name: one.name,
      labels: label(one.owner),
      fields: { description: null, retain_repo_versions: null, retain_checkpoints: null, details: {} },
      remoteId: one.owner ? `M-${one.name}` : null,
      internal: false,
    }),
  );
  const remotes = stores
    .filter((one) => one.owner)
    .map(
      (one): LocalRemote => ({
        id: `M-${one.name}`,
        type: one.type ?? 'file.file',
        name: one.name,
        labels: label(one.owner),
        fields: { url: `http://up/${one.name}/`, policy: 'immediate', details: {} },
        usedElsewhere: false,
      }),
    );
  const holdings = stores
    .filter((one) => one.owner)
    .map((one) => ({
      repositoryId: `R-${one.name}`,
      upstreamId: one.owner!,
      remoteId: `M-${one.name}`,
      href: one.href ?? `/d/${one.name}/`,
      watermark: one.watermark ?? `${one.href ?? `/d/${one.name}/`}@1`,
      versionId: `V-${one.name}`,
      publicationId: `P-${one.name}`,
      generation: 1,
    }));
  const others = [
    { id: OTHER, name: 'the other', ownerKey: null },
    { id: FRIEND, name: 'the friend', ownerKey: 'shared' },
  ];
  return { distributions, repositories, remotes, holdings, claims: [], others, ...more };
}

type Changes = Partial<Omit<PlanInput, 'upstream'>> & { upstream?: Partial<PlanInput['upstream']> };

function input(want: readonly Wanted[], state: LocalState, { upstream, ...more }: Changes = {}): PlanInput {
  return {
    upstream: {
      id: ME,
      name: 'mine',
      ownerKey: 'shared',
      policy: 'all',
      onFailure: 'abort',
      maxDelete: '100%',
      generation: 1,
      ...upstream,
    },
    wanted: want,
    covered: ['file.file'],
    coveredRepositories: ['file.file'],
    coveredRemotes: ['file.file'],
    uncovered: [],
    idle: [],
    local: state,
    selective: false,
    ...more,
  };
}

/** `rename D-old -> new`, objects other than distributions with their kind. */
function acts(given: PlanInput): string[] {
  return makePlan(given)
    .items.map(
      (item) =>
        `${item.act} ${item.object === 'distribution' ? '' : `${item.object} `}${item.name}${item.needsSync ? ' +sync' : ''}`,
    )
    .sort();
}

const conflicts = (given: PlanInput) =>
  makePlan(given).conflicts.map(({ kind, name, owner }) => `${kind} ${name} ${owner}`);

suite('acts', () => {
  const cases: [name: string, PlanInput, string[]][] = [
    ['nothing here', input([wanted('a')], local([])), ['create a +sync']],
    ['the same', input([wanted('a')], local([{ name: 'a', owner: ME }])), ['unchanged a']],
    ['newer upstream', input([wanted('a', { watermark: '2' })], local([{ name: 'a', owner: ME }])), ['update a +sync']],
    ['a label upstream', input([wanted('a', { labels: { x: 'y' } })], local([{ name: 'a', owner: ME }])), ['update a']],
    [
      'new settings',
      input([wanted('a')], local([{ name: 'a', owner: ME }]), { upstream: { generation: 2 } }),
      ['update a'],
    ],
    [
      'pointed elsewhere by hand',
      input([wanted('a')], {
        ...local([{ name: 'a', owner: ME }]),
        distributions: [{ ...local([{ name: 'a', owner: ME }]).distributions[0]!, versionId: 'V-else' }],
      }),
      ['flip a'],
    ],
    [
      'renamed, same path',
      input([wanted('b', { href: '/d/a/', basePath: 'a', watermark: '/d/a/@1' })], local([{ name: 'a', owner: ME }])),
      ['rename b'],
    ],
    [
      'renamed and moved',
      input([wanted('b', { href: '/d/a/', watermark: '/d/a/@1' })], local([{ name: 'a', owner: ME }])),
      ['rename b'],
    ],
    ['moved', input([wanted('a', { basePath: 'z' })], local([{ name: 'a', owner: ME }])), ['move a']],
    [
      'paths swapped',
      input(
        [wanted('a', { basePath: 'b' }), wanted('b', { basePath: 'a' })],
        local([
          { name: 'a', owner: ME },
          { name: 'b', owner: ME },
        ]),
      ),
      ['move a', 'move b'],
    ],
    [
      'a path below one that moves away',
      input([wanted('a', { basePath: 'z' }), wanted('n', { basePath: 'a/n' })], local([{ name: 'a', owner: ME }])),
      ['create n +sync', 'move a'],
    ],
    [
      'gone upstream',
      input([], local([{ name: 'a', owner: ME }])),
      ['delete a', 'delete remote a', 'delete repository a'],
    ],
    ['gone, selective run', input([], local([{ name: 'a', owner: ME }]), { selective: true }), []],
    ['gone, nodelete', input([], local([{ name: 'a', owner: ME }]), { upstream: { policy: 'nodelete' } }), []],
    ['gone, of another upstream', input([], local([{ name: 'a', owner: OTHER }])), []],
    ['gone, of a friend', input([], local([{ name: 'a', owner: FRIEND }])), []],
    [
      'gone, of an upstream that is no more',
      input([], local([{ name: 'a', owner: 'dead' }])),
      ['delete a', 'delete remote a', 'delete repository a'],
    ],
    ['gone, made by hand, all', input([], local([{ name: 'a' }])), ['delete a', 'delete repository a']],
    ['gone, made by hand, labeled', input([], local([{ name: 'a' }]), { upstream: { policy: 'labeled' } }), []],
    [
      'gone, type not covered',
      input([], local([{ name: 'a', owner: ME }]), { covered: [], coveredRepositories: [], coveredRemotes: [] }),
      [],
    ],
    ['made by hand, all', input([wanted('a')], local([{ name: 'a' }])), ['takeover a +sync']],
    [
      'made by hand and served as it grows: another repository',
      input([wanted('a')], local([{ name: 'a', live: true }])),
      ['delete repository a', 'takeover a +sync'],
    ],
    [
      'made by hand, nodelete',
      input([wanted('a')], local([{ name: 'a' }]), { upstream: { policy: 'nodelete' } }),
      ['takeover a +sync'],
    ],
    ['of a friend', input([wanted('a')], local([{ name: 'a', owner: FRIEND }])), ['takeover a +sync']],
    [
      'serves nothing upstream',
      input([], local([]), { idle: [{ type: 'file.file', name: 'a', href: '/d/a/' }] }),
      ['skipped a'],
    ],
    [
      'failed before',
      input([wanted('a', { watermark: '2' })], local([{ name: 'a', owner: ME }]), {
        failed: new Map([['file.file:/d/a/', 'boom']]),
      }),
      ['skipped a'],
    ],
    [
      'type changed upstream',
      input([wanted('a')], local([{ name: 'a', owner: ME, type: 'rpm.rpm' }]), {
        covered: ['file.file', 'rpm.rpm'],
        coveredRepositories: ['file.file', 'rpm.rpm'],
        coveredRemotes: ['file.file', 'rpm.rpm'],
      }),
      ['create a +sync', 'delete a', 'delete remote a', 'delete repository a'],
    ],
  ];
  for (const [name, given, expected] of cases) test(name, () => assert.deepEqual(acts(given), expected));
});

suite('conflicts', () => {
  const labeled = { upstream: { policy: 'labeled' as const } };
  const cases: [name: string, PlanInput, string[]][] = [
    [
      'another upstream owns it',
      input([wanted('a')], local([{ name: 'a', owner: OTHER }])),
      ['owned_by_other_upstream a the other'],
    ],
    [
      'without owner_key a friend is another',
      input([wanted('a')], local([{ name: 'a', owner: FRIEND, withStores: false }]), { upstream: { ownerKey: null } }),
      ['owned_by_other_upstream a the friend'],
    ],
    [
      'made by hand, labeled',
      input([wanted('a')], local([{ name: 'a', withStores: false }]), labeled),
      ['local_unlabeled a local'],
    ],
    [
      'of an upstream that is no more, labeled',
      input([wanted('a')], local([{ name: 'a', owner: 'dead', withStores: false }]), labeled),
      ['local_unlabeled a local'],
    ],
    [
      'base path taken',
      input([wanted('a')], local([{ name: 'b', basePath: 'a' }]), labeled),
      ['base_path_taken a local'],
    ],
    [
      'base path below',
      input([wanted('a', { basePath: 'x/y' })], local([{ name: 'b', basePath: 'x', owner: OTHER }])),
      ['base_path_nested a the other'],
    ],
    [
      'base path above',
      input([wanted('a', { basePath: 'x' })], local([{ name: 'b', basePath: 'x/y', owner: OTHER }])),
      ['base_path_nested a the other'],
    ],
    [
      'x2 is not below x',
      input([wanted('a', { basePath: 'x2' })], local([{ name: 'b', basePath: 'x', owner: OTHER }])),
      [],
    ],
    [
      'of another type',
      input([wanted('a')], local([{ name: 'a', type: 'rpm.rpm', withStores: false }])),
      ['type_mismatch a local'],
    ],
    ['unsupported', input([wanted('a', { unsupported: 'it is odd' })], local([])), ['unsupported a null']],
    ['package type missing here', input([wanted('a', { missingPlugin: 'gem' })], local([])), ['plugin_missing a null']],
    [
      'package type missing there',
      input([], local([{ name: 'a', owner: ME }]), { covered: [], uncovered: [{ type: 'file.file', plugin: 'file' }] }),
      ['plugin_missing * mine'],
    ],
    [
      'twice upstream',
      input([wanted('a'), wanted('b', { basePath: 'a/b' })], local([])),
      ['duplicate_upstream a null', 'duplicate_upstream b null'],
    ],
    [
      'remote in use',
      input([wanted('a')], {
        ...local([]),
        remotes: [{ ...local([{ name: 'a', owner: ME }]).remotes[0]!, labels: {}, usedElsewhere: true }],
      }),
      ['remote_in_use a local'],
    ],
    [
      'a run of another under way',
      input(
        [wanted('a', { basePath: 'p/q' })],
        local([], { claims: [{ upstreamId: OTHER, name: 'z', basePath: 'p' }] }),
      ),
      ['owned_by_other_upstream a the other'],
    ],
    [
      'too many deletes',
      input([], local(Array.from({ length: 6 }, (_, at) => ({ name: `n${at}`, owner: ME }))), {
        upstream: { maxDelete: null },
      }),
      ['too_many_deletes * null'],
    ],
    [
      'as many deletes as allowed',
      input([], local(Array.from({ length: 5 }, (_, at) => ({ name: `n${at}`, owner: ME }))), {
        upstream: { maxDelete: null },
      }),
      [],
    ],
  ];
  for (const [name, given, expected] of cases) test(name, () => assert.deepEqual(conflicts(given), expected));

  test('every conflict says what to do', () => {
    for (const [, given] of cases)
      for (const one of makePlan(given).conflicts)
        assert.ok(one.remedy.length > 10 && one.ours.length > 5, JSON.stringify(one));
  });

  test('exclude leaves out what has a conflict, and what stands against what that keeps', () => {
    const here = local([
      { name: 'a', owner: ME },
      { name: 'x', basePath: 'taken', owner: OTHER },
    ]);
    const want = [wanted('a', { basePath: 'taken' }), wanted('b', { basePath: 'a' }), wanted('c')];
    const plan = makePlan(input(want, here, { upstream: { onFailure: 'exclude' } }));
    assert.deepEqual(
      plan.items.map(({ act, name }) => `${act} ${name}`),
      ['conflict a', 'conflict b', 'create c'],
    );
  });

  test('exclude keeps what would be deleted when that is too much', () => {
    const here = local(Array.from({ length: 9 }, (_, at) => ({ name: `n${at}`, owner: ME })));
    const plan = makePlan(input([wanted('c')], here, { upstream: { onFailure: 'exclude', maxDelete: '2' } }));
    assert.equal(plan.summary.delete, undefined);
    assert.equal(plan.summary.create, 1);
  });
});
