/** A package type for tests alone: parcels with editions, and notices that can be merged; what its repositories do is up to the test. */

import type { Database } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import { definePlugin, type Plugin, type PluginDeclaration } from '../../src/plugin-api/contracts/plugin.ts';
import { contentType } from '../../src/plugin-api/declare/content.ts';
import { type PublicationDeclaration, publicationType } from '../../src/plugin-api/declare/publication-type.ts';
import { type RepositoryDeclaration, repositoryType } from '../../src/plugin-api/declare/repository-type.ts';

const common = { app: 'parcel', description: 'Of a test.', fields: {}, filters: {}, ordering: [] } as const;

/** A package: of each name and arch a repository has one. */
export const parcel = contentType({
  ...common,
  name: 'Parcel',
  pulpType: 'parcel.parcel',
  path: 'content/parcel/parcels',
  table: 'parcel_parcel',
  columns: [
    { name: 'name', type: 'text' },
    { name: 'arch', type: 'text' },
    { name: 'edition', type: 'integer' },
    { name: 'path', type: 'text' },
  ],
  naturalKey: ['name', 'arch', 'edition', 'path'],
  repoKey: ['name', 'arch'],
});

/** What is known of parcels, without bytes. */
export const notice = contentType({
  ...common,
  name: 'Notice',
  pulpType: 'parcel.notice',
  path: 'content/parcel/notices',
  table: 'parcel_notice',
  columns: [
    { name: 'ident', type: 'text' },
    { name: 'names', type: 'text[]' },
  ],
  naturalKey: ['ident', 'names'],
  repoKey: [],
  artifacts: 'none',
});

/** Where parcels can lie. */
export const shelf = contentType({
  ...common,
  name: 'Shelf',
  pulpType: 'parcel.shelf',
  path: 'content/parcel/shelves',
  table: 'parcel_shelf',
  columns: [{ name: 'label', type: 'text' }],
  naturalKey: ['label'],
  repoKey: [],
  artifacts: 'none',
});

/** That a parcel lies on a shelf: names both, by an id of each kind. */
export const placement = contentType({
  ...common,
  name: 'Placement',
  pulpType: 'parcel.placement',
  path: 'content/parcel/placements',
  table: 'parcel_placement',
  columns: [
    { name: 'parcel', type: 'bigint', names: 'id' },
    { name: 'shelf', type: 'uuid', names: 'pulpId' },
    { name: 'shelf_label', type: 'text', names: { column: 'label' } },
  ],
  naturalKey: ['parcel', 'shelf_label'],
  repoKey: [],
  artifacts: 'none',
});

/** Parcels that go together, and bundles of bundles. */
export const bundle = contentType({
  ...common,
  name: 'Bundle',
  pulpType: 'parcel.bundle',
  path: 'content/parcel/bundles',
  table: 'parcel_bundle',
  columns: [
    { name: 'title', type: 'text' },
    { name: 'members', type: 'bigint[]', names: 'id' },
  ],
  naturalKey: ['title', 'members'],
  repoKey: [],
  artifacts: 'none',
});

export const parcelContent = [parcel, notice, shelf, placement, bundle];

type Publish = PublicationDeclaration['publish'];

/** A plugin whose repositories and publications do what the test says; one repository type for each that is given. */
export function parcelPlugin(
  repositories: readonly Partial<RepositoryDeclaration>[] = [{}],
  publish: Publish = async () => {},
  more: Partial<PluginDeclaration> = {},
): Plugin {
  const publications = [
    publicationType({ ...common, name: 'ParcelPublication', type: 'parcel', taskName: PUBLISH_PARCELS, publish }),
  ];
  return definePlugin({
    name: 'parcel',
    version: '1.0.0',
    package: 'parcel',
    module: 'parcel',
    contentTypes: parcelContent,
    ...more,
    repositories: repositories.map((one) =>
      repositoryType({
        ...common,
        name: 'ParcelRepository',
        type: 'parcel',
        content: parcelContent,
        publications,
        ...one,
      }),
    ),
    publications,
  });
}

/** Word of its repositories in `pulp_type`, unless they say another `type`. */
export const PARCELS = 'parcel.parcel';
export const PUBLISH_PARCELS = 'parcel.publish';

/** Its tables, in the database of a test. */
export async function createParcelTables(db: Database): Promise<void> {
  await db.run(sql`create table parcel_shelf (content_id bigint primary key, label text not null)`);
  await db.run(sql`create table parcel_placement (content_id bigint primary key, parcel bigint not null, shelf uuid not null,
    shelf_label text not null)`);
  await db.run(
    sql`create table parcel_bundle (content_id bigint primary key, title text not null, members bigint[] not null)`,
  );
  await db.run(sql`create table parcel_parcel (content_id bigint primary key, name text not null, arch text not null,
    edition integer not null, path text not null)`);
  await db.run(sql`create index parcel_parcel_key on parcel_parcel (name, arch)`);
  await db.run(
    sql`create table parcel_notice (content_id bigint primary key, ident text not null, names text[] not null)`,
  );
}
