/** Models of the core that are not made by a declaration of a type. */
import type { Model } from '../../plugin-api/declare/model.ts';

const core = (name: string, path: string, table: string, more: Partial<Model> = {}): Model => ({
  app: 'core',
  name,
  path,
  table,
  ...more,
});

export const taskModel = core('Task', 'tasks', 'task');
export const taskGroupModel = core('TaskGroup', 'task-groups', 'task_group');
export const taskScheduleModel = core('TaskSchedule', 'task-schedules', 'task_schedule', { inDomain: false });
export const artifactModel = core('Artifact', 'artifacts', 'artifact');
export const uploadModel = core('Upload', 'uploads', 'upload');
export const workerModel = core('AppStatus', 'workers', 'app_status', { inDomain: false });
export const webhookModel = core('Webhook', 'webhooks', 'webhook', { inDomain: false });
export const domainModel = core('Domain', 'domains', 'domain', { inDomain: false });
export const userModel = core('User', 'users', 'app_user', { key: 'id', prnApp: 'auth', inDomain: false });
export const groupModel = core('Group', 'groups', 'app_group', { key: 'id', inDomain: false });
export const groupUserModel = core('User', 'groups/*/users', 'app_group_user', { key: 'id', inDomain: false });
export const userRoleModel = core('UserRole', 'users/*/roles', 'role_assignment', { inDomain: false });
export const groupRoleModel = core('GroupRole', 'groups/*/roles', 'role_assignment', { inDomain: false });
export const roleModel = core('Role', 'roles', 'role', { inDomain: false });
export const accessPolicyModel = core('AccessPolicy', 'access_policies', 'access_policy', { inDomain: false });
export const tokenModel = core('Token', 'tokens', 'api_token', { inDomain: false });
export const vulnerabilityReportModel = core('VulnerabilityReport', 'vuln_report', 'vulnerability_report');

export const pulpExporterModel = core('PulpExporter', 'exporters/core/pulp', 'exporter', { pulpType: 'core.pulp' });
export const filesystemExporterModel = core('FilesystemExporter', 'exporters/core/filesystem', 'exporter', {
  pulpType: 'core.filesystem',
});
export const pulpExportModel = core('PulpExport', 'exporters/core/pulp/*/exports', 'export', {
  parentColumn: 'exporter_id',
});
export const filesystemExportModel = core('FilesystemExport', 'exporters/core/filesystem/*/exports', 'export', {
  parentColumn: 'exporter_id',
});
export const pulpImporterModel = core('PulpImporter', 'importers/core/pulp', 'importer', { pulpType: 'core.pulp' });
export const pulpImportModel = core('PulpImport', 'importers/core/pulp/*/imports', 'import', {
  parentColumn: 'importer_id',
});

export const signingServiceModel = core('SigningService', 'signing-services', 'signing_service', { inDomain: false });

export const upstreamPulpModel = core('UpstreamPulp', 'upstream-pulps', 'upstream_pulp');
export const replicationRunModel = core('ReplicationRun', 'upstream-pulps/*/runs', 'replication_run');

export const coreModels: readonly Model[] = [
  pulpExporterModel,
  filesystemExporterModel,
  pulpExportModel,
  filesystemExportModel,
  pulpImporterModel,
  pulpImportModel,
  signingServiceModel,
  upstreamPulpModel,
  replicationRunModel,
  taskModel,
  taskGroupModel,
  taskScheduleModel,
  artifactModel,
  uploadModel,
  workerModel,
  webhookModel,
  domainModel,
  userModel,
  groupModel,
  userRoleModel,
  groupRoleModel,
  roleModel,
  accessPolicyModel,
  tokenModel,
  vulnerabilityReportModel,
];
