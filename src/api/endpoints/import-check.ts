/** Tells before an import whether its files can be read and its mapping understood (core.md §8.3). */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HttpError, ValidationError } from '../../lib/errors.ts';
import { resolveAllowedPath } from '../../lib/process/allowed-path.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import { boolean, list, nested, string } from '../../plugin-api/declare/field.ts';
import { HrefReader } from '../engine/hrefs.ts';
import type { Body } from '../engine/read-body.ts';
import { validateBody } from '../engine/validate-body.ts';
import type { Endpoint } from './endpoint.ts';

const input = {
  path: string({ help: 'An archive.', required: false }),
  toc: string({ help: 'A table of contents.', required: false }),
  repo_mapping: string({ help: 'A mapping of repository names, as JSON.', required: false }),
};

const evaluation = nested(
  'Evaluation',
  {
    context: string({ help: 'What was checked.', required: true }),
    is_valid: boolean({ help: 'Whether it is fine.', required: true }),
    messages: list(string(), { help: 'What is wrong.', required: true }),
  },
  { required: false },
);

const evaluated = (context: string, messages: string[]) => ({ context, is_valid: messages.length === 0, messages });

async function checkFile(path: string, allowed: readonly string[]): Promise<string[]> {
  if (!(await resolveAllowedPath(path, allowed))) return [`${dirname(path)} is not an allowed import path`];
  const found = await stat(path).catch(() => undefined);
  if (!found) return [`file ${path} does not exist`];
  if (!found.isFile()) return [`${path} is not a file`];
  const readable = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
  return readable ? [] : [`file ${path} cannot be read`];
}

function checkMapping(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMap && Object.values(value).every((name) => typeof name === 'string') ? [] : ['not an object of names'];
  } catch {
    return ['invalid JSON'];
  }
}

async function check(request: RequestContext, _params: unknown, body: Body): Promise<Answer> {
  if (!request.user?.isSuperuser) throw new HttpError(403, 'You do not have permission to perform this action.');
  const { models, settings } = request.services;
  const reader = new HrefReader(models, settings);
  const values = (await validateBody(input, body, request, reader)) as Record<string, string>;
  if (Object.keys(values).length === 0) {
    throw ValidationError.cross("One of 'path', 'toc', or 'repo_mapping' must be specified.");
  }
  const answer: Record<string, object> = {};
  for (const name of ['toc', 'path'] as const) {
    const path = values[name];
    if (path !== undefined) answer[name] = evaluated(path, await checkFile(path, settings.allowedImportPaths));
  }
  const { repo_mapping: mapping } = values;
  if (mapping !== undefined) answer.repo_mapping = evaluated(mapping, checkMapping(mapping));
  return { status: 200, body: answer };
}

export const importCheckEndpoint: Endpoint = {
  method: 'post',
  path: 'importers/core/pulp/import-check/',
  operationId: 'pulp_import_check_post',
  tag: 'Importers: Pulp Import-Check',
  summary: 'Validate the parameters to be used for a PulpImport call',
  description: 'Checks files and mapping of an import without starting it.',
  input: { component: 'PulpImportCheck', fields: input },
  output: {
    200: { component: 'PulpImportCheck', fields: { toc: evaluation, path: evaluation, repo_mapping: evaluation } },
  },
  handler: check,
};
