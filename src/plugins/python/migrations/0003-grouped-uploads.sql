-- Uploads that follow each other closely and become one version (setting python_group_uploads).
create table python_upload_group (
  pulp_id uuid primary key,
  repository_id uuid not null references repository (pulp_id) on delete cascade,
  user_id integer,
  task uuid not null,
  start_time timestamptz not null,
  files jsonb not null
);
create index python_upload_group_repository on python_upload_group (repository_id);
