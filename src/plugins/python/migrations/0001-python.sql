-- Packages: one file each. Fields that are lists or objects hold JSON as text, as they are on the wire.
create table python_package (
  content_id bigint primary key,
  filename text collate "C" not null,
  packagetype text not null,
  name text not null,
  name_normalized text collate "C" not null,
  version text not null,
  sha256 text not null,
  size bigint not null default 0,
  metadata_sha256 text,
  python_version text not null default '',
  metadata_version text not null default '',
  summary text not null default '',
  description text not null default '',
  description_content_type text not null default '',
  keywords text not null default '',
  home_page text not null default '',
  download_url text not null default '',
  author text not null default '',
  author_email text not null default '',
  maintainer text not null default '',
  maintainer_email text not null default '',
  license text not null default '',
  license_expression text not null default '',
  license_file text not null default '[]',
  requires_python text not null default '',
  project_url text not null default '',
  project_urls text not null default '{}',
  platform text not null default '',
  supported_platform text not null default '',
  requires_dist text not null default '[]',
  requires_external text not null default '[]',
  provides_dist text not null default '[]',
  provides_extras text not null default '[]',
  obsoletes_dist text not null default '[]',
  dynamic text not null default '[]',
  classifiers text not null default '[]'
);
create index python_package_name on python_package (name_normalized);
create index python_package_filename on python_package (filename);
create index python_package_sha256 on python_package using hash (sha256);

-- Provenance documents (PEP 740). The package is named by its digest, so that both can be saved in any order.
create table python_provenance (
  content_id bigint primary key,
  package_sha256 text not null,
  sha256 text not null,
  provenance jsonb not null
);
create index python_provenance_package on python_provenance using hash (package_sha256);

-- Marks of releases that were taken back (PEP 592).
create table python_yank (
  content_id bigint primary key,
  name_normalized text collate "C" not null,
  version text not null,
  yanked_reason text not null default ''
);
create index python_yank_name on python_yank (name_normalized);

-- What may not be added to a repository: a project, one version of it, or a file.
create table python_blocklist_entry (
  pulp_id uuid primary key,
  repository_id uuid not null references repository (pulp_id) on delete cascade,
  name text,
  version text,
  filename text,
  added_by text not null default '',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint python_blocklist_release_unique unique nulls not distinct (repository_id, name, version, filename)
);
