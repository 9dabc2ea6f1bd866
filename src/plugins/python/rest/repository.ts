/** Python repositories: their REST resource, and what is checked when a version of them is made. */
import { ValidationError } from '../../../lib/errors.ts';
import {
  type Action,
  accepted,
  boolean,
  type DraftContext,
  type ModifyCheck,
  repositoryType,
  sql,
  string,
} from '../../../plugin-api/index.ts';
import {
  BLOCKLIST_TEXT,
  CONFLICT_TEXT,
  dropRefused,
  findBlocked,
  findConflicts,
  findSubstitutes,
  SUBSTITUTION_TEXT,
} from '../admission.ts';
import { compareVersionTexts } from '../formats/version.ts';
import { openIndex } from '../sync/sync.ts';
import { scannedPackages } from '../version-packages.ts';
import { repositoryAccess } from './access.ts';
import { entriesHref } from './blocklist-href.ts';
import { pythonContentTypes } from './content.ts';
import { pythonPublication } from './publication.ts';
import { pythonRemote } from './remote.ts';

export const REPAIR_TASK = 'pulp_python.app.tasks.repair.repair';

const repairMetadata: Action = {
  name: 'repair_metadata',
  method: 'post',
  detail: true,
  summary: 'Repair metadata',
  description: 'Starts a task that reads the metadata of all packages of the latest version anew.',
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, target) => {
    const task = await request.dispatch({
      name: REPAIR_TASK,
      args: { repository: target.id },
      exclusive: [target.prn],
    });
    return accepted(request, task);
  },
};

/** An action of the versions of a repository. */
const scanVersion: Action = {
  name: 'scan',
  method: 'post',
  detail: true,
  summary: 'Generate vulnerability report',
  description: 'Starts a task that looks for known weaknesses of the packages of the version.',
  output: { 202: { component: 'AsyncOperation' } },
  run: async (request, target) => {
    const { pulp_id: version, repository_pulp_id: repository } = target.row;
    const task = await request.dispatch({
      name: 'pulpcore.app.tasks.vulnerability_report.check_content',
      args: { repository_version: String(version) },
      shared: [pythonRepository.prn(String(repository))],
    });
    return accepted(request, task);
  },
};

interface Rules {
  readonly allow_package_substitution?: boolean;
  readonly error_on_reject?: boolean;
}

/** What would be refused in the task is refused at once where refusals are errors. */
const checkModify: ModifyCheck = async (request, repository, { add, remove, hasBase }) => {
  const rules = repository.details as Rules;
  if (rules.error_on_reject === false || add.length === 0) return;
  const blocked = await findBlocked(request.db, String(repository.pulp_id), sql`c.pulp_id = any(${add}::uuid[])`);
  if (blocked.length > 0) throw new ValidationError([BLOCKLIST_TEXT(blocked.map((one) => one.filename))]);
  if (rules.allow_package_substitution !== false || remove.length > 0 || hasBase) return;
  const conflicts = await findConflicts(request.db, Number(repository.id), add);
  if (conflicts.length > 0) throw new ValidationError([CONFLICT_TEXT(conflicts)]);
};

/** Refuses substitutes and blocked packages, or leaves them out and says so. */
async function checkVersion(draft: DraftContext): Promise<void> {
  const { db, repository, repositoryId, number } = draft;
  const rules = repository.details as Rules;
  const mustFail = rules.error_on_reject !== false;
  if (rules.allow_package_substitution === false) {
    const found = await findSubstitutes(db, draft);
    if (found.length > 0 && mustFail) throw new ValidationError([SUBSTITUTION_TEXT(found.map((one) => one.filename))]);
    if (found.length > 0) await dropRefused(draft, found, SUBSTITUTION_REPORT);
  }
  const added = sql`c.id in (select rc.content_id from repository_content rc where rc.repository_id = ${repositoryId}
    and rc.version_added = ${number} and rc.version_removed is null)`;
  const blocked = await findBlocked(db, repository.pulpId, added);
  if (blocked.length > 0 && mustFail) throw new ValidationError([BLOCKLIST_TEXT(blocked.map((one) => one.filename))]);
  if (blocked.length > 0) await dropRefused(draft, blocked, BLOCKLIST_REPORT);
}

const SUBSTITUTION_REPORT = {
  message: 'Skipping packages rejected by package substitution policy',
  code: 'python.reject.substitution',
};
const BLOCKLIST_REPORT = { message: 'Skipping packages rejected by blocklist', code: 'python.reject.blocklist' };

export const pythonRepository = repositoryType({
  app: 'python',
  name: 'PythonRepository',
  type: 'python',
  description: 'Repositories of Python packages.',
  access: repositoryAccess,
  content: pythonContentTypes,
  publications: [pythonPublication],
  fields: {
    autopublish: boolean({
      default: false,
      detail: true,
      help: 'Whether each new version is published at once.',
      schema: { deprecated: true },
    }),
    blocklist_entries_href: string({
      readOnly: true,
      column: false,
      read: (row, presenter) => entriesHref(row.pulp_id, presenter),
    }),
    allow_package_substitution: boolean({
      default: true,
      detail: true,
      help: 'Whether a package may replace another with the same file name.',
    }),
    error_on_reject: boolean({
      default: true,
      detail: true,
      help: 'Whether a refused package fails the task; otherwise it is left out.',
    }),
  },
  sync: {
    component: 'RepositorySyncURL',
    taskName: 'pulp_python.app.tasks.sync.sync',
    remotes: [pythonRemote],
    fields: { mirror: boolean({ default: false, help: 'Makes the content equal to upstream’s.' }) },
    open: openIndex,
  },
  modify: { check: checkModify },
  actions: [repairMetadata],
  versionActions: [scanVersion],
  autopublish: ({ details }) => (details.autopublish === true ? {} : undefined),
  check: checkVersion,
  scan: { ecosystem: 'PyPI', packages: scannedPackages, compare: compareVersionTexts },
});
