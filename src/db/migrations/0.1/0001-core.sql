-- The tables of repositories, content and what is served. Rows that are named in the API have pulp_id (UUIDv7);
-- content, artifacts, repositories and versions also have a bigint id, so that the large joins and their indexes stay small.

create table domain (
  id integer generated always as identity primary key,
  pulp_id uuid not null unique,
  name text not null constraint domain_name_unique unique,
  description text,
  pulp_labels jsonb not null default '{}',
  storage_class text not null default 'pulpcore.app.models.storage.FileSystem',
  storage_settings jsonb not null default '{}',
  storage_secrets text,
  redirect_to_object_storage boolean not null default true,
  hide_guarded_distributions boolean not null default false,
  default_content_guard_id uuid,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);

-- People and robots. The id is an integer on the wire.
create table app_user (
  id integer generated always as identity primary key,
  username text not null constraint app_user_username_unique unique,
  password text,
  first_name text not null default '',
  last_name text not null default '',
  email text not null default '',
  is_staff boolean not null default false,
  is_active boolean not null default true,
  is_superuser boolean not null default false,
  date_joined timestamptz not null default now(),
  last_login timestamptz
);

-- Browser sessions: only a digest of the cookie is stored.
create table session (
  token_digest bytea primary key,
  user_id integer not null references app_user on delete cascade,
  csrf_digest bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index session_by_user on session (user_id);
create index session_expiry on session (expires_at);

create table content_guard (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  description text,
  details jsonb not null default '{}',
  secrets text,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint content_guard_name_unique unique (domain_id, name)
);
alter table domain add foreign key (default_content_guard_id) references content_guard on delete set null;

create table remote (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  pulp_labels jsonb not null default '{}',
  url text not null,
  policy text not null default 'immediate',
  ca_cert text,
  client_cert text,
  client_key text,
  tls_validation boolean not null default true,
  proxy_url text,
  proxy_username text,
  proxy_password text,
  username text,
  password text,
  download_concurrency integer,
  max_retries integer,
  total_timeout double precision,
  connect_timeout double precision,
  sock_connect_timeout double precision,
  sock_read_timeout double precision,
  headers jsonb,
  rate_limit integer,
  details jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint remote_name_unique unique (domain_id, name)
);
create index remote_type on remote (pulp_type, pulp_id);

create table repository (
  id bigint generated always as identity unique,
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  description text,
  pulp_labels jsonb not null default '{}',
  next_version integer not null default 0,
  retain_repo_versions integer,
  retain_checkpoints integer,
  user_hidden boolean not null default false,
  remote_id uuid references remote on delete set null,
  details jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint repository_name_unique unique (domain_id, name)
);
create index repository_type on repository (pulp_type, pulp_id);
create index repository_remote on repository (remote_id);

-- counts: {"added": {"file.file": 3}, "removed": {}, "present": {"file.file": 3}}
create table repository_version (
  id bigint generated always as identity unique,
  pulp_id uuid primary key,
  repository_id bigint not null references repository (id) on delete cascade,
  number integer not null,
  complete boolean not null default false,
  base_version_id uuid references repository_version on delete set null,
  counts jsonb not null default '{"added": {}, "removed": {}, "present": {}}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  unique (repository_id, number)
);
create index repository_version_base on repository_version (base_version_id);
create index repository_version_newest on repository_version (pulp_id desc) where complete;

-- One row per unit of content of any type; its own fields are in the table of its type, by content_id.
-- natural_key is the SHA-256 of the values of the type's natural key (see model/natural-key.ts).
create table content (
  id bigint generated by default as identity primary key,
  pulp_id uuid not null unique,
  domain_id integer not null,
  pulp_type text not null,
  natural_key bytea not null,
  pulp_labels jsonb not null default '{}',
  timestamp_of_interest timestamptz not null default now(),
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint content_natural_key unique (natural_key, pulp_type, domain_id)
);
create index content_type_newest on content (pulp_type, domain_id, id);

create table artifact (
  id bigint generated by default as identity primary key,
  pulp_id uuid not null unique,
  domain_id integer not null,
  size bigint not null,
  md5 bytea, sha1 bytea, sha224 bytea,
  sha256 bytea not null,
  sha384 bytea, sha512 bytea,
  timestamp_of_interest timestamptz not null default now(),
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint artifact_sha256_unique unique (sha256, domain_id)
);

-- Where the bytes of a unit are: artifact_id is null while they are only upstream.
-- path_hash: paths may be longer than an index row, and bigints make a small index.
create table content_artifact (
  id bigint generated by default as identity primary key,
  content_id bigint not null,
  artifact_id bigint references artifact,
  relative_path text not null,
  path_hash bigint generated always as (hashtextextended(relative_path, 0)) stored
);
create index content_artifact_content on content_artifact (content_id);
create index content_artifact_artifact on content_artifact (artifact_id) where artifact_id is not null;
create index content_artifact_path on content_artifact (path_hash);

create table remote_artifact (
  id bigint generated by default as identity primary key,
  content_artifact_id bigint not null,
  remote_id uuid not null,
  url text not null,
  size bigint,
  md5 bytea, sha1 bytea, sha224 bytea, sha256 bytea, sha384 bytea, sha512 bytea,
  is_alternate boolean not null default false,
  failed_at timestamptz,
  constraint remote_artifact_unique unique (content_artifact_id, remote_id)
);
create index remote_artifact_remote on remote_artifact (remote_id);
create index remote_artifact_alternate on remote_artifact (sha256) where is_alternate;

-- One row per stay of a unit in a repository: in version n when version_added <= n < coalesce(version_removed, infinity).
-- content_id is no foreign key: checking it row by row is a tenth of a sync. Whoever adds holds the units in key share mode instead,
-- and orphan cleanup, which alone removes units, locks them before it looks for memberships (model/membership.ts).
create table repository_content (
  repository_id bigint not null,
  content_id bigint not null,
  version_added integer not null,
  version_removed integer,
  primary key (repository_id, content_id, version_added)
);
create index repository_content_content on repository_content (content_id);
-- The repository comes second, so that nobody looks for one unit in these: before a repository has statistics, the planner takes
-- an index that begins with the repository for as good as the primary key, and would read all of its rows for each unit.
create index repository_content_added on repository_content (version_added, repository_id);
create index repository_content_removed on repository_content (version_removed, repository_id) where version_removed is not null;

create table publication (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  repository_version_id uuid not null references repository_version on delete cascade,
  complete boolean not null default false,
  pass_through boolean not null default false,
  checkpoint boolean not null default false,
  details jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index publication_version on publication (repository_version_id, pulp_id);
create index publication_type on publication (pulp_type, pulp_id);

-- A path of a publication: metadata made for it (artifact_id) or bytes of a unit (content_artifact_id).
create table published_artifact (
  publication_id uuid not null references publication on delete cascade,
  relative_path text not null,
  path_hash bigint generated always as (hashtextextended(relative_path, 0)) stored,
  artifact_id bigint references artifact,
  content_artifact_id bigint,
  check ((artifact_id is null) <> (content_artifact_id is null))
);
create index published_artifact_path on published_artifact (publication_id, path_hash);
create index published_artifact_artifact on published_artifact (artifact_id) where artifact_id is not null;
create index published_artifact_content on published_artifact (content_artifact_id) where content_artifact_id is not null;

-- A base path covers itself and everything below it, which is a range of text in bytewise order: from 'a/b/' to 'a/b0',
-- '0' being the character after '/'. No two ranges of a domain may overlap; checked at the end of a transaction
-- where one asks for it, so that paths can be swapped.
create type path_range as range (subtype = text, collation = "C");
create table distribution (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  base_path text not null,
  pulp_labels jsonb not null default '{}',
  hidden boolean not null default false,
  checkpoint boolean not null default false,
  repository_id uuid references repository on delete set null,
  repository_version_id uuid references repository_version on delete set null,
  publication_id uuid references publication on delete set null,
  remote_id uuid references remote on delete set null,
  content_guard_id uuid references content_guard on delete set null,
  generation bigint not null default 0,
  details jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  path_span path_range generated always as (path_range(
    domain_id::text || '/' || (base_path collate "C") || '/', domain_id::text || '/' || (base_path collate "C") || '0')) stored,
  constraint distribution_name_unique unique (domain_id, name) deferrable initially immediate,
  constraint distribution_path_overlap exclude using gist (path_span with &&) deferrable initially immediate
);
create unique index distribution_base_path on distribution (domain_id, base_path, pulp_id);
create index distribution_type on distribution (pulp_type, pulp_id);
create index distribution_repository on distribution (repository_id);
create index distribution_version on distribution (repository_version_id);
create index distribution_publication on distribution (publication_id);
create index distribution_remote on distribution (remote_id);
create index distribution_guard on distribution (content_guard_id);

-- What a distribution has served: its former publications still answer for a grace period (core.md §5.3).
create table distributed_publication (
  distribution_id uuid not null references distribution on delete cascade,
  publication_id uuid not null references publication on delete cascade,
  served_until timestamptz,
  primary key (distribution_id, publication_id)
);
create index distributed_publication_publication on distributed_publication (publication_id);

create table upload (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  size bigint not null,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create table upload_chunk (
  upload_id uuid not null references upload on delete cascade,
  chunk_offset bigint not null,
  size bigint not null,
  primary key (upload_id, chunk_offset)
);

create table alternate_content_source (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  remote_id uuid not null references remote,
  last_refreshed timestamptz,
  details jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint alternate_content_source_name_unique unique (domain_id, name)
);
create index alternate_content_source_remote on alternate_content_source (remote_id);
create table alternate_content_source_path (
  pulp_id uuid primary key,
  source_id uuid not null references alternate_content_source on delete cascade,
  path text not null,
  repository_id uuid references repository on delete set null,
  unique (source_id, path)
);
