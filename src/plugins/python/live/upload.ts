/** Uploads to a live index, as twine, uv, poetry and others send them (legacy upload protocol). */
import { normalizeDigest } from '../../../lib/crypto/digest.ts';
import { ValidationError } from '../../../lib/errors.ts';
import { uuid7 } from '../../../lib/text/uuid7.ts';
import {
  accepted,
  type LiveAnswer,
  type LiveBody,
  type LiveFile,
  type Services,
  settingsFor,
  sql,
  type User,
  type Version,
} from '../../../plugin-api/index.ts';
import { readAttestations } from '../attestations/attestations.ts';
import { PackageError } from '../formats/archives/package-error.ts';
import { extensionMessage, readNamedPackage } from '../formats/archives/read-package.ts';
import { isSafeFilename, packageTypeOf } from '../formats/filename.ts';
import { pythonSettings } from '../settings.ts';
import { GROUP_TASK, type GroupArgs, UPLOAD_TASK, type UploadArgs } from '../tasks.ts';
import { beginGroup, joinGroup, type UploadedFile } from '../uploads/grouped-uploads.ts';
import { packageLimits } from '../uploads/package-limits.ts';
import { existsMessage } from '../uploads/upload.ts';
import { filesNamed } from '../version-packages.ts';
import { refusal } from './refusal.ts';
import type { ServedIndex } from './served-index.ts';

const METADATA_VERSIONS = ['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '2.3', '2.4', '2.5'];

/** Packages up to this size are read and added while the client waits, so that it can use them at once. */
const AT_ONCE = 64 * 1024 * 1024;

/** `policy` names the path that was used. Some clients read the reason phrases of refusals. */
export async function uploadAnswer(index: ServedIndex, policy: string): Promise<LiveAnswer> {
  const { request, distribution, domain } = index;
  const user = await request.authorize(policy, 'create', distribution);
  const repositoryId = distribution.row.repository_id as string | null;
  if (distribution.details.allow_uploads === false) return refusal(403, 'Index is not allowing uploads');
  if (!repositoryId) return refusal(400, 'Index is not pointing to a repository');
  const { content, attestations } = readUpload(await request.body(domain));
  const { filename } = content;
  if (await isThere(index, repositoryId, filename)) return refusal(400, existsMessage(filename));
  await checkPackage(content, request.services);
  const artifact = await request.keepFile(domain, content);
  if (settingsFor(request.services, pythonSettings).pythonGroupUploads) {
    return await groupedUpload(index, user, repositoryId, { artifact, filename, attestations });
  }
  const args: UploadArgs = { repository: repositoryId, files: [{ artifact, filename, attestations }] };
  const task = await request.dispatch(domain, user, {
    name: UPLOAD_TASK,
    args,
    immediate: content.temp.size <= AT_ONCE,
    exclusive: [`prn:core.artifact:${artifact}`, `prn:python.pythonrepository:${repositoryId}`],
  });
  // Another upload of the name was quicker, and this one has heard of it already.
  if (task.state === 'failed' && (await isThere(index, repositoryId, filename)))
    return refusal(400, existsMessage(filename));
  return accepted(index.presenter, task);
}

async function isThere(index: ServedIndex, repositoryId: string, filename: string): Promise<boolean> {
  const latest = await latestOf(index, repositoryId);
  return latest !== null && (await filesNamed(index.request.services.db, latest, [filename])).size > 0;
}

/** Becomes part of the version that the task of the first of several uploads makes. */
async function groupedUpload(
  { request, domain, presenter }: ServedIndex,
  user: User | null,
  repository: string,
  file: UploadedFile,
): Promise<LiveAnswer> {
  const { db } = request.services;
  const userId = user?.id ?? null;
  let group = await joinGroup(db, repository, userId, file);
  if (!group) {
    const session = uuid7();
    const args: GroupArgs = { repository, session };
    const exclusive = [`prn:python.pythonrepository:${repository}`];
    const task = await request.dispatch(domain, user, { name: GROUP_TASK, args, exclusive });
    group = await beginGroup(db, { session, task: task.pulpId, repositoryId: repository, userId, file });
  }
  const { session, task, startTime } = group;
  return { status: 200, body: { session, task: presenter.href('core.task', task), task_start_time: startTime } };
}

/** Whoever sends what is no package hears it at once, and nothing of it is kept. */
async function checkPackage({ filename, temp }: LiveFile, services: Services): Promise<void> {
  try {
    await readNamedPackage(temp.path, filename, packageLimits(services));
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    throw ValidationError.field('content', `${filename} is not a valid package: ${error.message}`);
  }
}

async function latestOf({ request, version }: ServedIndex, repositoryId: string): Promise<Version | null> {
  const row =
    await request.services.db.row<Version>(sql`select v.id, v.pulp_id as "pulpId", v.number, v.repository_id as "repositoryId"
    from repository_version v join repository r on r.id = v.repository_id
    where r.pulp_id = ${repositoryId} and v.complete order by v.number desc limit 1`);
  return row ?? version;
}

/** The file and what came with it. Throws ValidationError with what is wrong, as Pulp puts it. */
function readUpload({ values: sent }: LiveBody): { content: LiveFile; attestations: unknown } {
  const values = withoutBlanks(sent);
  const { action = 'file_upload', content, attestations } = values;
  if (action !== 'file_upload') throw ValidationError.cross(`We do not support the :action ${action}`);
  checkPresent(values);
  if (!isFile(content)) throw ValidationError.field('content', 'No file was submitted.');
  checkDigest(values.sha256_digest, content);
  checkChoice(values, 'protocol_version', ['1']);
  checkChoice(values, 'metadata_version', METADATA_VERSIONS);
  checkChoice(values, 'filetype', ['bdist_wheel', 'sdist']);
  const type = packageTypeOf(content.filename);
  if (!type) throw ValidationError.field('content', extensionMessage(content.filename));
  if (!isSafeFilename(content.filename))
    throw ValidationError.field('content', `${content.filename} cannot be the name of a package file`);
  if (values.filetype && values.filetype !== type) {
    throw ValidationError.field(
      'filetype',
      `filetype ${values.filetype} does not match found filetype ${type} for file ${content.filename}`,
    );
  }
  if (attestations !== undefined && attestations !== '') checkAttestationsField(attestations);
  return { content, attestations };
}

/** Fields that may be left out may be blank as well. */
function withoutBlanks(values: LiveBody['values']): LiveBody['values'] {
  const optional = ['protocol_version', 'metadata_version', 'filetype'];
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== '' || !optional.includes(name)));
}

/** As Pulp puts it at this door. */
function checkAttestationsField(value: unknown): void {
  try {
    readAttestations(typeof value === 'string' ? JSON.parse(value) : value);
  } catch (error) {
    if (error instanceof SyntaxError) throw ValidationError.field('attestations', 'Value must be valid JSON.');
    if (!(error instanceof ValidationError)) throw error;
    const [text = ''] = (error.body as { attestations?: string[] }).attestations ?? [];
    const told = text.replace('Invalid attestations:', 'The uploaded attestations are not valid:');
    throw ValidationError.field('attestations', told);
  }
}

/** All that is missing is told at once. */
function checkPresent({ content, sha256_digest: digest }: LiveBody['values']): void {
  const missing = {
    ...(!isFile(content) && {
      content: [
        content === undefined
          ? 'No file was submitted.'
          : 'The submitted data was not a file. Check the encoding type on the form.',
      ],
    }),
    ...(digest === undefined && { sha256_digest: ['This field is required.'] }),
    ...(digest === '' && { sha256_digest: ['This field may not be blank.'] }),
  };
  if (Object.keys(missing).length > 0) throw new ValidationError(missing);
}

function isFile(value: unknown): value is LiveFile {
  return typeof value === 'object' && value !== null && 'temp' in value && 'filename' in value;
}

function checkDigest(value: unknown, { temp }: LiveFile): void {
  if (value === undefined) throw ValidationError.field('sha256_digest', 'This field is required.');
  const text = String(value);
  if (text.length < 64) throw ValidationError.field('sha256_digest', 'Ensure this field has at least 64 characters.');
  if (text.length > 64)
    throw ValidationError.field('sha256_digest', 'Ensure this field has no more than 64 characters.');
  if (normalizeDigest('sha256', text) === temp.digests.sha256) return;
  throw ValidationError.field('sha256_digest', 'The sha256 digest of the file is another one.');
}

function checkChoice(values: LiveBody['values'], name: string, choices: readonly string[]): void {
  const value = values[name];
  if (value === undefined || choices.includes(String(value))) return;
  throw ValidationError.field(name, `"${value}" is not a valid choice.`);
}
