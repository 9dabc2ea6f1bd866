-- Databases made before the index for parts of paths had its larger list of what waits get it too.
do $$
begin
  if to_regclass('file_content_path_parts') is not null then
    alter index file_content_path_parts set (gin_pending_list_limit = 32768);
  end if;
end $$;
