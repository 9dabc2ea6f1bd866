-- Indexes for filters of lists that looked at all rows.

-- Digests beside the SHA-256; those that are not computed are null and take no room.
create index artifact_md5 on artifact using hash (md5);
create index artifact_sha1 on artifact using hash (sha1);
create index artifact_sha224 on artifact using hash (sha224);
create index artifact_sha384 on artifact using hash (sha384);
create index artifact_sha512 on artifact using hash (sha512);

-- Tasks that have not begun or not ended are found by the same indexes as those that have.
drop index task_started;
drop index task_finished;
drop index task_unblocked;
create index task_started on task (started_at);
create index task_finished on task (finished_at);
create index task_unblocked on task (unblocked_at);

-- Parts of names are found by their trigrams. Servers without that extension look at all rows instead.
do $$
begin
  create extension if not exists pg_trgm;
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise notice 'without the extension pg_trgm, filters for parts of names look at all rows';
end $$;
do $$
begin
  if exists (select from pg_extension where extname = 'pg_trgm') then
    create index task_parts on task using gin (name gin_trgm_ops, logging_cid gin_trgm_ops);
  end if;
end $$;
