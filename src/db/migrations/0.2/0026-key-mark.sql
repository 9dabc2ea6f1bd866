-- One encrypted value that tells which key file belongs to the database. `single` keeps it to one row.
create table key_mark (
  pulp_id uuid primary key default gen_random_uuid(),
  single boolean not null default true unique check (single),
  token text not null
);
