-- Exporters and importers: archives of repository versions, and directories of what is published.
create table exporter (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  path text not null,
  method text not null default 'write',
  last_export_id uuid,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint exporter_name_unique unique (domain_id, name)
);
create index exporter_type on exporter (pulp_type, pulp_id);

create table exporter_repository (
  exporter_id uuid not null references exporter on delete cascade,
  repository_id uuid not null references repository on delete cascade,
  position integer not null,
  primary key (exporter_id, repository_id)
);
create index exporter_repository_repository on exporter_repository (repository_id);

-- exported: PRNs of versions and publications. params: the body of the request.
create table export (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  exporter_id uuid not null references exporter on delete cascade,
  task_id uuid,
  params jsonb not null default '{}',
  exported text[] not null default '{}',
  output_file_info jsonb not null default '{}',
  toc_info jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index export_exporter on export (exporter_id, pulp_id);
alter table exporter add foreign key (last_export_id) references export on delete set null;
create index exporter_last_export on exporter (last_export_id);

create table importer (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  pulp_type text not null,
  name text not null,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint importer_name_unique unique (domain_id, name)
);
create index importer_type on importer (pulp_type, pulp_id);

-- source: name of a repository in archives.
create table importer_repository (
  importer_id uuid not null references importer on delete cascade,
  source text not null,
  repository_id uuid not null references repository on delete cascade,
  primary key (importer_id, source)
);
create index importer_repository_repository on importer_repository (repository_id);

create table import (
  pulp_id uuid primary key,
  domain_id integer not null references domain,
  importer_id uuid not null references importer on delete cascade,
  task_id uuid,
  params jsonb not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index import_importer on import (importer_id, pulp_id);
