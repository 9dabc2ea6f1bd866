-- Parts of paths are found by their trigrams, where the server has that extension (the core's 0019-lists).
do $$
begin
  if exists (select from pg_extension where extname = 'pg_trgm') then
    create index file_content_path_parts on file_content using gin (relative_path gin_trgm_ops);
  end if;
end $$;
