-- Artifacts are counted as content is (0009-content-count), under a type that no content has.
insert into content_count select domain_id, 'core.artifact', id >> 16, count(*) from artifact group by 1, 3;

create function count_new_artifacts() returns trigger language plpgsql as $$
begin
  insert into content_count select domain_id, 'core.artifact', id >> 16, count(*) from changed group by 1, 3;
  return null;
end $$;

create function count_gone_artifacts() returns trigger language plpgsql as $$
begin
  insert into content_count select domain_id, 'core.artifact', id >> 16, -count(*) from changed group by 1, 3;
  return null;
end $$;

create trigger artifacts_counted_in after insert on artifact
  referencing new table as changed for each statement execute function count_new_artifacts();
create trigger artifacts_counted_out after delete on artifact
  referencing old table as changed for each statement execute function count_gone_artifacts();
