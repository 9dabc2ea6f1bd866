-- Parts of paths are found by their trigrams, where the server has that extension (the core's 0019-lists).
do $$
begin
  if exists (select from pg_extension where extname = 'pg_trgm') then
    -- What a sync adds waits in a list of this size (kB) until it is full or the table is vacuumed: a third less work for each unit.
    create index file_content_path_parts on file_content using gin (relative_path gin_trgm_ops)
      with (gin_pending_list_limit = 32768);
  end if;
end $$;
