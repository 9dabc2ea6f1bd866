-- What the operator has told the server, and what is known of its backups.

-- maintenance_since: since when nothing may be removed from the storage, by command; null when it may.
-- last_backup: {"finished_at", "files", "bytes"} of the last whole one.
create table server_state (
  only_row boolean primary key default true check (only_row),
  maintenance_since timestamptz,
  last_backup jsonb
);
insert into server_state default values;
