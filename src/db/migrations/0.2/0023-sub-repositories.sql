-- Hidden repositories that are filled with another one and belong to it. parent_id is null once that one is gone or needs it no
-- more: it is removed then, unless a unit of content still refers to it (a foreign key of the type's table).
create table sub_repository (
  repository_id bigint primary key references repository (id) on delete cascade,
  parent_id bigint references repository (id) on delete set null
);
create index sub_repository_parent on sub_repository (parent_id);

-- As in 0002-tasking.sql, with the parts of the repositories that the task has held.
create or replace function discard_incomplete_results(p_task task) returns void language plpgsql set enable_seqscan = off as $$
declare
  version record;
  exclusive_ids uuid[] := array(
    select right(name, 36)::uuid from unnest(p_task.reserved_resources_record) as name
      where name ~ '^prn:[a-z0-9_.]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
  created_ids uuid[] := array(
    select right(name, 36)::uuid from unnest(p_task.created_resources) as name
      where name ~ '^prn:[a-z0-9_.]+(publication|repositoryversion):[0-9a-f-]{36}$');
  held_ids bigint[] := array(select id from repository where pulp_id = any (exclusive_ids));
begin
  for version in
    select v.id, v.number, v.repository_id from repository_version v
      where not v.complete and (v.pulp_id = any (created_ids) or v.repository_id = any (held_ids)
        or v.repository_id in (select repository_id from sub_repository where parent_id = any (held_ids)))
      order by v.repository_id, v.number desc
  loop
    delete from repository_content
      where repository_id = version.repository_id and version_added = version.number;
    update repository_content set version_removed = null
      where repository_id = version.repository_id and version_removed = version.number;
    delete from repository_version where id = version.id;
    update repository set next_version = version.number
      where id = version.repository_id and next_version = version.number + 1;
  end loop;
  delete from publication where pulp_id = any (created_ids) and not complete;
end $$;
