/** Lists over all types of a master: `repositories/`, `remotes/`, `publications/`, `distributions/`, `contentguards/`, `content/`. */
import { sql } from '../../db/sql.ts';
import type { Presenter, RequestContext } from '../../plugin-api/contracts/context.ts';
import { COMMON_ORDERING, labelField, nameFilters, reportHrefs } from '../../plugin-api/declare/common-fields.ts';
import { datetime, type Field, object, type Row, string } from '../../plugin-api/declare/field.ts';
import { choiceFilter, type Filters } from '../../plugin-api/declare/filter.ts';
import { labelOf, type Model, prn } from '../../plugin-api/declare/model.ts';
import { operationOf, tagOf } from '../../plugin-api/declare/names.ts';
import type { Resource, TableMapping } from '../../plugin-api/declare/resource.ts';
import { artifactsOf, contentFilters, placeInList } from '../types/content-resource.ts';
import {
  DISTRIBUTION_ORDERING,
  distributionFields,
  distributionFilters,
  distributionTable,
} from '../types/distribution-resource.ts';
import {
  PUBLICATION_ORDERING,
  publicationFields,
  publicationFilters,
  publicationTable,
} from '../types/publication-resource.ts';
import { REMOTE_ORDERING, remoteFields, remoteFilters } from '../types/remote-resource.ts';
import {
  REPOSITORY_ORDERING,
  repositoryFields,
  repositoryFilters,
  repositoryTable,
} from '../types/repository-resource.ts';

/** Identity by the row's own type. */
function typedIdentity(master: string): Record<string, Field> {
  return {
    pulp_href: string({
      format: 'uri',
      readOnly: true,
      column: false,
      read: (row, p) => p.hrefOfType(master, String(row.pulp_type), String(row.pulp_id)),
    }),
    prn: string({
      readOnly: true,
      column: false,
      read: (row, p) => {
        const model = p.services.models.byType(master, String(row.pulp_type));
        return model ? prn(labelOf(model), String(row.pulp_id)) : null;
      },
    }),
    pulp_created: datetime({ readOnly: true }),
    pulp_last_updated: datetime({ readOnly: true }),
  };
}

/** A list over all types of a master. */
interface GenericList {
  readonly path: string;
  readonly name: string;
  readonly component: string;
  readonly table: TableMapping;
  readonly fields: Readonly<Record<string, Field>>;
  /** Given the types of distributions that serve publications. */
  readonly filters: (publishing: readonly string[]) => Filters;
  readonly ordering: readonly string[];
  readonly labels: boolean;
  /** Types that can be asked for beside those of the models. */
  readonly moreTypes?: readonly string[];
}

const anyModel = (name: string, path: string, table: string): Model => ({ app: 'core', name, path, table });

const plainTable = (name: string, newest: string): TableMapping => ({
  name,
  from: sql.raw(`${name} t`),
  key: 'pulp_id',
  newest: sql.raw(newest),
  inDomain: true,
});

const hrefOfVersions = (row: Row, p: Presenter) =>
  `${p.hrefOfType('repository', String(row.pulp_type), String(row.pulp_id))}versions/`;

const versionHrefs: Record<string, Field> = {
  versions_href: string({ format: 'uri', readOnly: true, column: false, read: hrefOfVersions }),
  latest_version_href: string({
    format: 'uri',
    readOnly: true,
    column: false,
    read: (row, p) => (row.latest_number === null ? null : `${hrefOfVersions(row, p)}${row.latest_number}/`),
  }),
};

const { distributions: _, ...publicationListFields } = publicationFields(
  anyModel('Publication', 'publications', 'publication'),
  false,
);

const LISTS: readonly GenericList[] = [
  {
    path: 'repositories',
    name: 'Repository',
    component: 'Repository',
    table: repositoryTable(undefined),
    fields: { ...repositoryFields(anyModel('Repository', 'repositories', 'repository'), true), ...versionHrefs },
    filters: () => repositoryFilters,
    ordering: REPOSITORY_ORDERING,
    labels: true,
  },
  {
    path: 'remotes',
    name: 'Remote',
    component: 'GenericRemote',
    table: { ...plainTable('remote', 't.pulp_id'), where: sql.raw('t.kept_for is null') },
    fields: remoteFields(anyModel('Remote', 'remotes', 'remote'), {}),
    filters: () => remoteFilters,
    ordering: REMOTE_ORDERING,
    labels: true,
  },
  {
    path: 'publications',
    name: 'Publication',
    component: 'Publication',
    table: publicationTable(undefined),
    fields: publicationListFields,
    filters: () => publicationFilters,
    ordering: PUBLICATION_ORDERING,
    labels: false,
  },
  {
    path: 'distributions',
    name: 'Distribution',
    component: 'Distribution',
    table: distributionTable(undefined),
    fields: distributionFields(anyModel('Distribution', 'distributions', 'distribution'), {}),
    filters: distributionFilters,
    ordering: DISTRIBUTION_ORDERING,
    labels: true,
  },
  {
    path: 'contentguards',
    name: 'ContentGuard',
    component: 'ContentGuard',
    table: plainTable('content_guard', 't.pulp_id'),
    fields: { name: string({}), description: string({ nullable: true }) },
    filters: () => nameFilters,
    ordering: [...COMMON_ORDERING, 'pulp_type', 'name', 'description'],
    labels: false,
  },
  {
    path: 'content',
    name: 'Content',
    component: 'MultipleArtifactContent',
    table: plainTable('content', 't.id'),
    fields: contentListFields(),
    filters: () => contentFilters,
    ordering: ['pk'],
    labels: true,
    // What publications are made of is content to Pulp, though of no use to anybody: its type can be asked for here too.
    moreTypes: ['core.publishedmetadata'],
  },
];

/** The generic lists; `models` tells which types each has, `publishing` which types of distributions serve publications. */
export function genericLists(models: readonly Model[], publishing: readonly string[]): Resource[] {
  return LISTS.map((list) => {
    const known = models.flatMap(({ table, pulpType }) => (table === list.table.name && pulpType ? [pulpType] : []));
    return genericList(list, [...known, ...(list.moreTypes ?? [])].sort(), publishing);
  });
}

function genericList(list: GenericList, types: readonly string[], publishing: readonly string[]): Resource {
  const { path, name, component, table, fields, filters, ordering, labels } = list;
  return {
    model: { app: 'core', name, path, table: `${table.name}s of any type` },
    tag: tagOf(path),
    operation: operationOf(path),
    hrefName: `${name.toLowerCase()}_href`,
    component,
    noun: name.toLowerCase(),
    description: `Objects of all types of ${path}.`,
    table,
    fields: { ...fields, ...typedIdentity(table.name) },
    filters: {
      ...filters(publishing),
      pulp_type: choiceFilter(sql.raw('t.pulp_type'), types, ['', 'in'], { help: 'The type.', closed: true }),
    },
    ordering,
    operations: { list: true },
    actions: [],
    ...(labels && { hasLabels: 'shown' }),
    ...(table.name === 'content' && {
      knownPlace: (request: RequestContext, offset: number) => placeInList(undefined, request, offset),
    }),
  };
}

function contentListFields(): Record<string, Field> {
  return {
    pulp_labels: labelField,
    artifacts: object({
      required: true,
      column: false,
      load: artifactsOf,
    }),
    vuln_report: string({
      readOnly: true,
      format: 'uri',
      column: false,
      load: reportHrefs,
    }),
  };
}
