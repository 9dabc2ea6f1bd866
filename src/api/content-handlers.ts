/** What the API does with a unit sent to it: keeps a file's bytes, then a task or the request itself makes the unit (core.md §3.3). */

import type { ContentRegistry } from '../engines/repository/content-registry.ts';
import type { ContentArgs } from '../engines/upload/content-request.ts';
import { createContentNow } from '../engines/upload/create-content.ts';
import { ValidationError } from '../lib/errors.ts';
import { saveArtifacts } from '../model/content/artifact.ts';
import type { Answer, RequestContext } from '../plugin-api/contracts/context.ts';
import type { ContentType } from '../plugin-api/declare/content.ts';
import type { Values } from '../plugin-api/declare/field.ts';
import type { Reference } from '../plugin-api/declare/reference.ts';
import { accepted } from '../plugin-api/toolkit/accepted.ts';
import { isUploadedFile } from './engine/read-body.ts';
import { type ContentHandlers, checkSources } from './types/content-resource.ts';

const SOURCES = [
  'file',
  'artifact',
  'upload',
  'file_url',
  'downloader_config',
  'repository',
  'overwrite',
  'pulp_labels',
];

export function contentHandlers(types: ContentRegistry): (type: ContentType) => ContentHandlers {
  return (type) => ({
    create: (values, request) => dispatchCreate(type, values, request),
    uploadNow: (request, _target, values) => createNow(types, type, values, request),
  });
}

/** What the upload engine needs of a request: ids instead of references, the type's own fields apart. */
function argsOf(type: ContentType, values: Values, kept?: string): ContentArgs {
  const fields = Object.fromEntries(Object.entries(values).filter(([name]) => !SOURCES.includes(name)));
  const artifact = kept ?? (values.artifact as Reference | undefined)?.id;
  return {
    contentType: type.pulpType,
    filename: isUploadedFile(values.file) ? values.file.filename : null,
    artifact: artifact ?? null,
    upload: (values.upload as Reference | undefined)?.id ?? null,
    file_url: (values.file_url as string | undefined) ?? null,
    downloader_config: (values.downloader_config as Values | undefined) ?? null,
    values: fields,
    repository: (values.repository as Reference | undefined)?.id ?? null,
    overwrite: (values.overwrite as boolean | undefined) ?? true,
    labels: (values.pulp_labels as Record<string, string | null> | undefined) ?? {},
  };
}

async function keepFile(values: Values, request: RequestContext): Promise<string> {
  const { services, domain } = request;
  if (!isUploadedFile(values.file))
    throw ValidationError.field('file', 'The submitted data was not a file. Check the encoding type on the form.');
  const [saved] = await saveArtifacts(
    services.db,
    services.storage(domain),
    domain.id,
    [values.file.temp],
    services.settings.allowedContentChecksums,
  );
  return saved!.pulpId;
}

async function dispatchCreate(type: ContentType, values: Values, request: RequestContext): Promise<Answer> {
  refuseNoFile(values);
  const args = argsOf(type, values, isUploadedFile(values.file) ? await keepFile(values, request) : undefined);
  const locks = [values.repository, values.upload].map((one) => (one as Reference | undefined)?.prn);
  const task = await request.dispatch({
    name: 'pulpcore.app.tasks.base.general_create',
    args: { model: type.label, content: args },
    exclusive: locks,
  });
  return accepted(request, task);
}

function refuseNoFile(values: Values): void {
  if (values.file !== undefined && !isUploadedFile(values.file)) {
    throw ValidationError.field('file', 'The submitted data was not a file. Check the encoding type on the form.');
  }
}

async function createNow(
  types: ContentRegistry,
  type: ContentType,
  values: Values,
  request: RequestContext,
): Promise<Answer> {
  checkSources(type, values);
  refuseNoFile(values);
  const { services, domain } = request;
  const saved = await createContentNow(services, { types }, domain, {
    ...argsOf(type, values),
    ...(isUploadedFile(values.file) && { received: values.file.temp }),
    userId: request.user?.id ?? null,
  });
  const body = await services.present(domain, type.label, saved.pulpId);
  return { status: 201, body, headers: { Location: String(body?.pulp_href) } };
}
