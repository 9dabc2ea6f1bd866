-- Replication from other servers: what is known of them, runs with their items, and what each repository made by one holds.

-- settings_generation grows with each change of the settings: remotes made under an earlier one are brought up to date.
create table upstream_pulp (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  name text not null,
  base_url text not null,
  api_root text not null,
  domain text,
  ca_cert text,
  client_cert text,
  client_key text,
  tls_validation boolean not null default true,
  username text,
  password text,
  proxy_url text,
  proxy_username text,
  proxy_password text,
  download_concurrency integer,
  max_retries integer,
  total_timeout double precision,
  connect_timeout double precision,
  sock_connect_timeout double precision,
  sock_read_timeout double precision,
  remote_policy text,
  q_select text,
  policy text not null default 'all',
  owner_key text,
  on_failure text not null default 'abort',
  activate text not null default 'auto',
  max_delete text,
  copy_guards boolean not null default false,
  last_replication timestamptz,
  settings_generation integer not null default 0,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint upstream_pulp_name_unique unique (domain_id, name)
);

-- state: planned, blocked, staging, ready, active, partial, failed, canceled, rolled_back.
-- summary: counts of items by act; error: what ended the run, as told in its task.
create table replication_run (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  upstream_id uuid not null references upstream_pulp on delete cascade,
  state text not null default 'planned',
  q_select text,
  selective boolean not null default false,
  round integer not null default 0,
  task_group_id uuid references task_group on delete set null,
  user_id integer,
  summary jsonb not null default '{}',
  error jsonb,
  started_at timestamptz not null default now(),
  activated_at timestamptz,
  finished_at timestamptz,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index replication_run_upstream on replication_run (upstream_id, pulp_id);
create index replication_run_domain on replication_run (domain_id, pulp_id);
create index replication_run_group on replication_run (task_group_id) where task_group_id is not null;
create index replication_run_open on replication_run (domain_id) where state in ('planned', 'staging', 'ready');

-- What a run does to one object. key: the object's identity within the run. old, new: values on the wire that change.
-- target: everything the switch needs. state: planned, staging, staged, unchanged, active, failed, conflict, excluded, skipped, rolled_back.
create table replication_item (
  id bigint generated always as identity primary key,
  run_id uuid not null references replication_run on delete cascade,
  key text not null,
  object text not null,
  type text not null,
  name text not null,
  base_path text,
  act text not null,
  state text not null,
  old jsonb,
  new jsonb,
  target jsonb not null default '{}',
  conflict jsonb,
  error text,
  attempts integer not null default 0,
  task_id uuid,
  counts jsonb,
  bytes bigint,
  constraint replication_item_key unique (run_id, key)
);
create index replication_item_task on replication_item (task_id) where task_id is not null;

-- What a repository holds of upstream: the distribution it follows there and the watermark of the content that was synced
-- last into this version (and publication).
create table replication_holding (
  repository_id uuid primary key references repository on delete cascade,
  upstream_id uuid not null,
  remote_id uuid references remote on delete set null,
  upstream_href text not null,
  watermark text,
  version_id uuid references repository_version on delete set null,
  publication_id uuid references publication on delete set null,
  settings_generation integer not null default -1
);
create index replication_holding_upstream on replication_holding (upstream_id);
create index replication_holding_version on replication_holding (version_id);
create index replication_holding_publication on replication_holding (publication_id);
create index replication_holding_remote on replication_holding (remote_id);

-- Versions that retention leaves alone, because a run can be taken back to them.
create table replication_pin (
  run_id uuid not null references replication_run on delete cascade,
  version_id uuid not null references repository_version on delete cascade,
  primary key (run_id, version_id)
);
create index replication_pin_version on replication_pin (version_id);

-- A distribution that serves a version serves this publication of it, as long as it is one of that version: a later one
-- of the same version does not take its place by itself.
alter table distribution add column pinned_publication_id uuid references publication on delete set null;
create index distribution_pinned on distribution (pinned_publication_id) where pinned_publication_id is not null;

-- While several distributions of a domain are being switched together: until then content processes look at the
-- database for every request, so that none answers from what it knew a moment ago.
create table distribution_switch (
  domain_id integer primary key references domain on delete cascade,
  switching_until timestamptz not null
);
