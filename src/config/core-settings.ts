/** Settings shared with Pulp: same names, defaults and meaning. */
import { DIGEST_NAMES } from '../lib/crypto/digest.ts';
import { boolean, integer, list, optionalInteger, optionalText, pathPrefix, table, text } from './setting.ts';

const minutes = 'minutes; 0 switches it off';

const urls = {
  api_root: pathPrefix('/pulp/', 'Path below which the API is served; begins and ends with a slash'),
  api_root_rewrite_header: optionalText('Header by which a proxy sets another API root for a request'),
  content_origin: optionalText('Scheme and host of content URLs, such as https://packages.example.com'),
  content_path_prefix: pathPrefix('/pulp/content/', 'Path below which distributions are served'),
  allowed_hosts: list(['*'], 'Host names that requests may ask for; * allows all'),
  domain_enabled: boolean(false, 'Serve several domains, each under its own paths'),
  enable_v4_api: boolean(false, 'Accepted for compatibility'),
};

const processes = {
  worker_ttl: integer(30, 'Seconds without heartbeat after which a worker is missing', { minimum: 3 }),
  api_app_ttl: integer(120, 'Seconds without heartbeat after which an API process is missing', { minimum: 3 }),
  content_app_ttl: integer(30, 'Seconds without heartbeat after which a content process is missing', { minimum: 3 }),
  worker_type: text('pulpcore', 'Accepted for compatibility; there is one kind of queue'),
  task_grace_interval: integer(600, 'Seconds an interrupted worker lets its task finish'),
  task_prefer_defer: boolean(false, 'Leave short tasks to the workers instead of running them in the API'),
  task_diagnostics: list([], 'Diagnostics that tasks may record: memory, logs, debug-logs, cpu-profile'),
  import_workers_percent: integer(100, 'Share of the workers that one import may use', { minimum: 1 }),
  vuln_report_url: optionalText(
    'Where vulnerabilities are looked up: the query URL of a service of the OSV protocol, or a file: URL of a directory with OSV records',
  ),
  vuln_report_task_limiter: integer(10, 'Parallel requests of one vulnerability report', { minimum: 1 }),
  sync_max_removed_percent: integer(
    50,
    'A mirror that would lose a larger share of its units, and more than 100 of them, fails instead; 100 sets no bound',
    { minimum: 0 },
  ),
  sync_max_in_flight_items: optionalInteger('Content units under way in one sync; null is 1000'),
  sync_max_in_flight_mb: integer(5120, 'MiB of downloads under way in one sync', { minimum: 1 }),
};

const retention = {
  orphan_protection_time: integer(1440, 'Minutes for which orphaned content and artifacts are kept'),
  upload_protection_time: integer(0, `Age after which uploads are removed, in ${minutes}`),
  task_protection_time: integer(0, `Age after which finished tasks are removed, in ${minutes}`),
  tmpfile_protection_time: integer(0, `Age after which temporary files are removed, in ${minutes}`),
  distributed_publication_retention_period: integer(259200, 'Seconds a replaced publication stays reachable'),
};

const content = {
  allowed_content_checksums: list(['sha224', 'sha256', 'sha384', 'sha512'], 'Digests that artifacts may have', {
    choices: DIGEST_NAMES,
  }),
  allowed_import_paths: list([], 'Directories from which files may be imported and file: URLs read'),
  allowed_export_paths: list([], 'Directories into which exports may be written'),
  answer_cache_size: integer(
    128 * 1024 * 1024,
    'Bytes of memory for finished pages and documents of package types, in each process that answers',
  ),
  remote_content_fetch_failure_cooldown: integer(300, 'Seconds a failed source of on-demand content is left alone'),
  hide_guarded_distributions: boolean(false, 'Leave guarded distributions out of the list of distributions'),
  redirect_to_object_storage: boolean(true, 'Answer content in object storage by a redirect'),
  chunked_upload_dir: text('upload', 'Directory of upload chunks, below the data directory unless absolute'),
  databases: table('PostgreSQL in the form of Pulp (default.HOST, NAME, USER …); database_url goes first', {
    secret: true,
  }),
  storages: table('Storage in the form of Pulp (default.BACKEND, default.OPTIONS); storage goes first', {
    secret: true,
  }),
  remote_defaults: table('Defaults for remotes: proxy_url, proxy_username, proxy_password …', { secret: true }),
  cache_enabled: boolean(false, 'Accepted for compatibility; the cache of this server needs no Redis'),
  cache_expires_ttl: integer(600, 'Seconds that looked-up distributions stay in the cache', {
    peerName: 'CACHE_SETTINGS__EXPIRES_TTL',
  }),
  replication_answer_mb: integer(64, 'Largest answer of the API of an upstream server, in MiB', { minimum: 1 }),
  replication_answer_timeout: integer(300, 'Seconds that one answer of the API of an upstream server may take', {
    minimum: 1,
  }),
  envvar_header_content_guard_allowed_vars: list([], 'Environment variables that header guards may compare with'),
};

const access = {
  secret_key: text('', 'Key for cookies and signed URLs; empty keeps a generated one in the data directory', {
    secret: true,
  }),
  db_encryption_key: text(
    '',
    'File of keys for secrets in the database; empty keeps a generated one in the data directory',
  ),
  authentication_classes: list(
    ['rest_framework.authentication.SessionAuthentication', 'pulpcore.app.authentication.BasicAuthentication'],
    'Ways in which requests may authenticate',
    { peerName: 'REST_FRAMEWORK__DEFAULT_AUTHENTICATION_CLASSES' },
  ),
  authentication_backends: list(
    ['django.contrib.auth.backends.ModelBackend', 'pulpcore.backends.ObjectRolePermissionBackend'],
    'Where users and their permissions come from',
  ),
  remote_user_environ_name: text(
    'REMOTE_USER',
    'Variable, or header in the form HTTP_X_NAME, with the name of the user',
  ),
  authentication_json_header: text('', 'Header in the form HTTP_X_NAME with base64 JSON that names the user'),
  authentication_json_header_jq_filter: text('', 'jq filter that finds the name of the user in that JSON'),
  access_policies: table('Access policies that replace those of the database'),
  redact_unsafe_exceptions: boolean(false, 'Hide the text of unexpected errors from users'),
};

const telemetry = {
  otel_enabled: boolean(false, 'Send OpenTelemetry metrics (standard OTEL_ variables)'),
  otel_metrics_dispatch_interval_minutes: integer(5, 'Accepted for compatibility; all is measured when it happens', {
    minimum: 1,
  }),
  kafka_bootstrap_servers: optionalText('Accepted for compatibility; events and webhooks tell of finished tasks'),
};

export const coreSettings = { ...urls, ...processes, ...retention, ...content, ...access, ...telemetry };
