/** Chunked uploads: a size is announced, chunks come in any order, a commit makes the artifact (core.md §3.2). */

import { sql } from '../../../db/sql.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { findDomainById } from '../../../model/domain.ts';
import { putChunk as noteChunk } from '../../../model/upload.ts';
import type { Answer, RequestContext } from '../../../plugin-api/contracts/context.ts';
import { identityFields } from '../../../plugin-api/declare/common-fields.ts';
import {
  datetime,
  type Field,
  file,
  integer,
  list,
  nested,
  type Row,
  string,
  type Values,
} from '../../../plugin-api/declare/field.ts';
import { integerFilter } from '../../../plugin-api/declare/filter.ts';
import type { Action, ActionTarget, Resource } from '../../../plugin-api/declare/resource.ts';
import { accepted } from '../../../plugin-api/toolkit/accepted.ts';
import { presentOne } from '../../engine/present.ts';
import { isUploadedFile } from '../../engine/read-body.ts';
import { readRow } from '../../engine/read-rows.ts';
import { uploadModel } from '../models.ts';

const fields: Record<string, Field> = {
  ...identityFields(uploadModel),
  size: integer({ help: 'Size of the whole file in bytes.', minimum: 0, schema: { minimum: undefined } }),
  completed: datetime({ help: 'Not used.', readOnly: true, column: false, read: () => undefined }),
};

const chunks: Field = list(
  nested('UploadChunk', { offset: integer({ readOnly: true }), size: integer({ readOnly: true }) }),
  {
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const found = await presenter.services.db.rows<{ upload_id: string; offset: number; size: number }>(
        sql`select upload_id, chunk_offset as offset, size from upload_chunk
          where upload_id = any(${rows.map((row) => row.pulp_id)}::uuid[]) order by chunk_offset`,
      );
      return rows.map((row) =>
        found.filter((one) => one.upload_id === row.pulp_id).map(({ offset, size }) => ({ offset, size })),
      );
    },
  },
);

const RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/;

/** Stores one chunk; the header tells where it belongs. */
async function putChunk(request: RequestContext, target: ActionTarget, input: Values): Promise<Answer> {
  const range = RANGE.exec(String(request.headers['content-range'] ?? ''));
  if (!range) throw ValidationError.cross('Invalid or missing content range header.');
  const [start, end] = [Number(range[1]), Number(range[2])];
  if (!isUploadedFile(input.file))
    throw ValidationError.field('file', 'The submitted data was not a file. Check the encoding type on the form.');
  const { temp } = input.file;
  if (temp.size === 0) throw ValidationError.field('file', 'The submitted file is empty.');
  if (end - start + 1 !== temp.size) throw ValidationError.cross('Chunk size does not match content range.');
  if (end > Number(target.row.size) - 1) throw ValidationError.cross('End byte is greater than upload size.');
  if (input.sha256 && String(input.sha256).toLowerCase() !== temp.digests.sha256) {
    throw new ValidationError(['Checksum does not match chunk upload.']);
  }
  await request.services.storage(request.domain).uploads.keep(target.id, start, temp);
  await noteChunk(request.db, target.id, start, temp.size);
  const row = await readRow(request.db, uploadResource, request.domain, target.id);
  return { status: 200, body: await presentOne({ ...uploadResource, fields }, row ?? target.row, request) };
}

const update: Action = {
  name: 'update',
  fileDigests: ['sha256'],
  method: 'put',
  detail: true,
  path: '',
  summary: 'Upload a file chunk',
  description: 'Stores a chunk of the file.',
  input: {
    component: 'UploadChunk',
    fields: {
      file: file({ help: 'The bytes of the chunk.', format: 'binary' }),
      sha256: string({ help: 'SHA-256 of the chunk.', nullable: true, writeOnly: true }),
    },
  },
  media: ['application/x-www-form-urlencoded', 'multipart/form-data'],
  parameters: [
    {
      in: 'header',
      name: 'Content-Range',
      required: true,
      schema: { type: 'string' },
      description: 'Where the chunk belongs: bytes FIRST-LAST/TOTAL.',
    },
  ],
  output: { 200: { component: 'Upload' } },
  run: putChunk,
};

const commit: Action = {
  name: 'commit',
  method: 'post',
  detail: true,
  summary: 'Finish an Upload',
  description: 'Starts a task that joins the chunks, checks the digest and makes the artifact.',
  input: { component: 'UploadCommit', fields: { sha256: string({ help: 'SHA-256 of the whole file.' }) } },
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, target, input) => {
    if (!/^[0-9a-f]{64}$/i.test(String(input.sha256)))
      throw ValidationError.field('sha256', 'Not a SHA-256 in hexadecimal digits.');
    const task = await request.dispatch({
      name: 'pulpcore.app.tasks.upload.commit',
      args: { upload: target.id, sha256: String(input.sha256).toLowerCase() },
      exclusive: [target.prn],
    });
    return accepted(request, task);
  },
};

export const uploadResource: Resource = {
  model: uploadModel,
  tag: 'Uploads',
  operation: 'uploads',
  hrefName: 'upload_href',
  component: 'Upload',
  noun: 'upload',
  description: 'Files that come in chunks.',
  table: { name: 'upload', from: sql.raw('upload t'), key: 'pulp_id', newest: sql.raw('t.pulp_id'), inDomain: true },
  fields,
  detailFields: { chunks },
  detailComponent: 'UploadDetail',
  filters: { size: integerFilter(sql.raw('t.size'), ['', 'gt', 'lt', 'range']) },
  ordering: ['pulp_id', 'pulp_created', 'pulp_last_updated', 'size', 'pk'],
  operations: { list: true, read: true, create: 'now', delete: 'now' },
  actions: [update, commit],
  hasRoles: true,
  beforeDelete: async (_tx, row: Row, services) => {
    const domain = await findDomainById(services.db, Number(row.domain_id));
    if (domain) await services.storage(domain).uploads.remove(String(row.pulp_id));
  },
};
