/** Artifacts: the bytes of content, known by their digests (core.md §3.1). */

import { sql } from '../../../db/sql.ts';
import { DIGEST_NAMES } from '../../../lib/crypto/digest.ts';
import { HttpError, ValidationError } from '../../../lib/errors.ts';
import { findArtifacts, saveArtifacts } from '../../../model/content/artifact.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import { type Field, file, integer, type Row, string, type Values } from '../../../plugin-api/declare/field.ts';
import { customFilter, digestFilter, type Filters } from '../../../plugin-api/declare/filter.ts';
import type { Resource } from '../../../plugin-api/declare/resource.ts';
import { findVersion, memberOf } from '../../../plugin-api/toolkit/version-queries.ts';
import { presentOne } from '../../engine/present.ts';
import type { UploadedFile } from '../../engine/read-body.ts';
import { isUploadedFile } from '../../engine/read-body.ts';
import { readRow } from '../../engine/read-rows.ts';
import { placeInArtifactList } from '../../types/content-resource.ts';
import { artifactModel } from '../models.ts';

const digestField = (name: string): Field =>
  string({
    help: `The ${name.toUpperCase()} of the bytes.`,
    nullable: true,
    column: false,
    read: (row: Row) => (row[name] as Buffer | null)?.toString('hex') ?? null,
  });

const fields: Record<string, Field> = {
  ...identityFields(artifactModel),
  file: file({
    help: 'The bytes; in answers where they are in the storage.',
    writeOnly: false,
    format: 'binary',
    responseSchema: { format: undefined },
    read: (row, { services, domain }) => services.storage(domain).keyOf((row.sha256 as Buffer).toString('hex')),
  }),
  size: integer({ help: 'Size in bytes.', required: false }),
  ...Object.fromEntries(DIGEST_NAMES.map((name) => [name, digestField(name)])),
};

const filters: Filters = {
  ...Object.fromEntries(DIGEST_NAMES.map((name) => [name, digestFilter(sql`t.${sql.raw(name)}`)])),
  repository_version: customFilter(async (value, request) => {
    const version = await findVersion('repository_version', value, request);
    return sql`exists (select 1 from content_artifact ca where ca.artifact_id = t.id and ${memberOf(version, sql.raw('ca.content_id'))})`;
  }),
  orphaned_for: customFilter(
    (value, request) => {
      if (value === '') return sql.raw('true');
      const minutes = Number(value);
      if (Number.isNaN(minutes)) throw ValidationError.field('orphaned_for', 'Enter a number.');
      const age = minutes < 0 ? request.services.settings.orphanProtectionTime : minutes;
      return sql`t.timestamp_of_interest < now() - make_interval(mins => ${Math.floor(age)}::int)
        and not exists (select 1 from content_artifact ca where ca.artifact_id = t.id)
        and not exists (select 1 from published_artifact pa where pa.artifact_id = t.id)`;
    },
    { schema: { type: 'number' } },
  ),
};

/** Digests that came with a file must be allowed here and be right. */
function checkExpected(values: Values, uploaded: UploadedFile, allowed: readonly string[]): void {
  const given = DIGEST_NAMES.filter((name) => values[name] !== undefined && values[name] !== null);
  const forbidden = given.filter((name) => !allowed.includes(name));
  if (forbidden.length > 0) {
    throw ValidationError.cross(
      `Checksum algorithms [${forbidden.map((name) => `'${name}'`).join(', ')}] forbidden for this Pulp instance.`,
    );
  }
  if (typeof values.size === 'number' && values.size !== uploaded.temp.size) {
    throw ValidationError.cross('The size did not match actual size of file.');
  }
  const wrong = given.find((name) => String(values[name]).toLowerCase() !== uploaded.temp.digests[name]);
  if (wrong) throw ValidationError.cross(`The ${wrong} checksum did not match.`);
}

/** Keeps the bytes of a request as an artifact. A row whose file has vanished gets its bytes back. */
async function createArtifact(values: Values, request: RequestContext): Promise<Answer> {
  const { services, domain } = request;
  if (!isUploadedFile(values.file))
    throw ValidationError.field('file', 'The submitted data was not a file. Check the encoding type on the form.');
  const { temp } = values.file;
  checkExpected(values, values.file, services.settings.allowedContentChecksums);
  const store = services.storage(domain);
  const sha256 = temp.digests.sha256;
  const taken = await findArtifacts(request.db, domain.id, [sha256]);
  const whole = taken.size > 0 && (await store.driver.stat(store.keyOf(sha256)));
  if (whole) throw ValidationError.cross(`Artifact with sha256 checksum of '${sha256}' already exists.`);
  const [saved] = await saveArtifacts(services.db, store, domain.id, [temp], services.settings.allowedContentChecksums);
  return await answer(saved!.pulpId, request);
}

async function answer(id: string, request: RequestContext): Promise<Answer> {
  const row = await readRow(request.db, artifactResource, request.domain, id);
  if (!row) throw new HttpError(404, 'No Artifact matches the given query.');
  const body = await presentOne(artifactResource, row, request);
  return { status: 201, body, headers: { Location: String(body.pulp_href) } };
}

export const artifactResource: Resource = {
  model: artifactModel,
  tag: 'Artifacts',
  operation: 'artifacts',
  hrefName: 'artifact_href',
  component: 'Artifact',
  noun: 'artifact',
  description: 'Files in the storage.',
  table: {
    name: 'artifact',
    from: sql.raw('artifact t'),
    key: 'pulp_id',
    newest: sql.raw('t.id'),
    inDomain: true,
    order: { file: sql.raw('t.sha256') },
  },
  fields,
  filters,
  ordering: [
    'pulp_id',
    'pulp_created',
    'pulp_last_updated',
    'file',
    'size',
    ...DIGEST_NAMES,
    'timestamp_of_interest',
    'pk',
  ],
  operations: { list: true, read: true, create: 'now', delete: 'now' },
  createMedia: ['application/x-www-form-urlencoded', 'multipart/form-data'],
  createNow: createArtifact,
  deleteTask: async () => {
    throw new HttpError(403, 'You do not have permission to perform this action.');
  },
  actions: [],
  knownPlace: placeInArtifactList,
};
