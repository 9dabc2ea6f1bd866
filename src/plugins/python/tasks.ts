/** Tasks of the Python type that make versions: uploads to an index, taking releases back, keeping what was pulled through. */
import { PulpError, ValidationError } from '../../lib/errors.ts';
import {
  type ContentTask,
  type ContentTaskContext,
  type DeclaredContent,
  inVersion,
  type Repository,
  type SavedContent,
  sql,
  type Version,
} from '../../plugin-api/index.ts';
import { isSameVersion } from './formats/version.ts';
import { pythonPackage } from './rest/content.ts';
import { declareYank } from './sync/sync.ts';
import { takeGroup, type UploadedFile } from './uploads/grouped-uploads.ts';
import { existsMessage, readUploadedPackage } from './uploads/upload.ts';
import { filesNamed } from './version-packages.ts';

export const UPLOAD_TASK = 'pulp_python.app.tasks.upload.upload';
export const GROUP_TASK = 'pulp_python.app.tasks.upload.upload_group';
export const YANK_TASK = 'pulp_python.app.tasks.yank.ayank_package';
export const UNYANK_TASK = 'pulp_python.app.tasks.yank.aunyank_package';

export interface UploadArgs {
  readonly repository: string;
  readonly files: readonly UploadedFile[];
}

export interface GroupArgs {
  readonly repository: string;
  readonly session: string;
}

interface YankArgs {
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  readonly reason?: string;
}

export const pythonTasks: readonly ContentTask[] = [
  { name: UPLOAD_TASK, run: (context, args: UploadArgs) => addUploads(context, args) },
  { name: GROUP_TASK, run: (context, args: GroupArgs) => addGroup(context, args) },
  { name: YANK_TASK, run: (context, args: YankArgs) => yank(context, args) },
  { name: UNYANK_TASK, run: (context, args: YankArgs) => unyank(context, args) },
];

/** Artifacts become packages of one new version. Throws where it would have other bytes under the name of one of them. */
async function addUploads(context: ContentTaskContext, args: UploadArgs): Promise<unknown> {
  const { repository, latest } = await context.content.repository(args.repository);
  const units: DeclaredContent[] = [];
  for (const file of args.files) units.push(...(await unitsOfFile(context, repository, file)));
  await refuseOthersOfName(context, latest, units);
  const version = await context.content.newVersion(repository, async (draft) => {
    for (const unit of await draft.save(units)) context.created(prnOf(unit));
  });
  return version && (await context.present(context.domain, 'core.repositoryversion', version.pulpId));
}

async function addGroup(context: ContentTaskContext, args: GroupArgs): Promise<unknown> {
  const files = await takeGroup(context, args.session);
  return files.length > 0 ? await addUploads(context, { repository: args.repository, files }) : null;
}

/** Whatever came in since the request was answered: uploads of one name wait for each other here. */
async function refuseOthersOfName(
  { db }: ContentTaskContext,
  latest: Version,
  units: readonly DeclaredContent[],
): Promise<void> {
  const packages = units.filter((unit) => unit.type === pythonPackage).map((unit) => unit.values);
  const names = packages.map((one) => String(one.filename));
  const known = await filesNamed(db, latest, names);
  for (const { filename, sha256 } of packages) {
    const name = String(filename);
    const there = known.get(name) ?? sha256;
    if (there !== sha256) throw ValidationError.field('content', existsMessage(name));
    known.set(name, String(sha256));
  }
}

const prnOf = ({ type, pulpId }: SavedContent) => `prn:${type.app}.${type.name.toLowerCase()}:${pulpId}`;

interface ArtifactRow {
  readonly id: number;
  readonly size: number;
  readonly sha256: string;
}

async function unitsOfFile(
  context: ContentTaskContext,
  repository: Repository,
  file: UploadedFile,
): Promise<DeclaredContent[]> {
  const { domain } = context;
  const artifact = await context.db.row<ArtifactRow>(sql`select id, size, encode(sha256, 'hex') as sha256
    from artifact where pulp_id = ${file.artifact} and domain_id = ${domain.id}`);
  if (!artifact) throw new Error(`The artifact ${file.artifact} does not exist any more`);
  const { companions = [], ...unit } = await context.content.withFile(artifact.sha256, (path) =>
    readPackageFile(context, repository, file, artifact, path),
  );
  const artifacts = unit.artifacts.map((one) => (one.temp ? one : { ...one, artifactId: artifact.id }));
  return [{ ...unit, artifacts }, ...companions];
}

async function readPackageFile(
  context: ContentTaskContext,
  repository: Repository,
  file: UploadedFile,
  { size, sha256 }: ArtifactRow,
  path: string,
): Promise<DeclaredContent> {
  try {
    return await readUploadedPackage({
      type: pythonPackage,
      values: { relative_path: file.filename, attestations: file.attestations },
      filename: file.filename,
      size,
      digests: { sha256 },
      file: path,
      content: context.content,
      services: context,
      domain: context.domain,
      repository,
      userId: context.task.userId,
    });
  } catch (error) {
    throw error instanceof ValidationError ? codedError(error) : error;
  }
}

/** Attestations have codes of their own. */
function codedError(error: ValidationError): Error {
  const { attestations } = error.body as { attestations?: string[] };
  if (!attestations) return error;
  const [text] = attestations as [string];
  if (text.startsWith('Invalid')) return new PulpError('PYT0003', text);
  const told = text.replace('Attestations failed verification', 'Attestation verification failed: Verification failed');
  return new PulpError('PYT0001', told);
}

/** Marks a release; the same reason again changes nothing, another one replaces the mark, in whatever spelling of the version. */
async function yank(context: ContentTaskContext, args: YankArgs): Promise<unknown> {
  const { repository, latest } = await context.content.repository(args.repository);
  const reason = args.reason ?? '';
  const marks = await marksOf(context, latest, args);
  if (marks.some((mark) => mark.reason === reason)) return null;
  const version = await context.content.newVersion(repository, async (draft) => {
    await draft.remove(marks.map((mark) => mark.id));
    await draft.save([declareYank(args.name, args.version, reason)]);
  });
  return version && (await context.present(context.domain, 'core.repositoryversion', version.pulpId));
}

async function unyank(context: ContentTaskContext, args: YankArgs): Promise<unknown> {
  const { repository, latest } = await context.content.repository(args.repository);
  const marks = await marksOf(context, latest, args);
  if (marks.length === 0) return null;
  const version = await context.content.newVersion(repository, async (draft) => {
    await draft.remove(marks.map((mark) => mark.id));
  });
  return version && (await context.present(context.domain, 'core.repositoryversion', version.pulpId));
}

interface Mark {
  readonly id: number;
  readonly version: string;
  readonly reason: string;
}

async function marksOf({ db }: ContentTaskContext, latest: Version, { name, version }: YankArgs): Promise<Mark[]> {
  const marks =
    await db.rows<Mark>(sql`select y.content_id as id, y.version, y.yanked_reason as reason from python_yank y
    join repository_content rc on rc.content_id = y.content_id
    where y.name_normalized = ${name} and ${inVersion(latest)}`);
  return marks.filter((mark) => isSameVersion(mark.version, version));
}
