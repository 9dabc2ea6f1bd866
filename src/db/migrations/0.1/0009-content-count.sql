-- How many units there are, by domain, type and range of ids (65,536 ids each): lists of a million units need no counting,
-- and a page far behind is found without passing over all before it. Rows are only added, so that transactions that make or
-- remove units never wait for each other here; they are summed up now and then (model/content-count.ts).
create table content_count (
  domain_id integer not null,
  pulp_type text not null,
  id_range bigint not null,
  units bigint not null
);
create index content_count_key on content_count (domain_id, pulp_type, id_range);

insert into content_count select domain_id, pulp_type, id >> 16, count(*) from content group by 1, 2, 3;

create function count_new_content() returns trigger language plpgsql as $$
begin
  insert into content_count select domain_id, pulp_type, id >> 16, count(*) from changed group by 1, 2, 3;
  return null;
end $$;

create function count_gone_content() returns trigger language plpgsql as $$
begin
  insert into content_count select domain_id, pulp_type, id >> 16, -count(*) from changed group by 1, 2, 3;
  return null;
end $$;

create trigger content_counted_in after insert on content
  referencing new table as changed for each statement execute function count_new_content();
create trigger content_counted_out after delete on content
  referencing old table as changed for each statement execute function count_gone_content();

-- Labels of content are few: units without any are not in this index.
create index content_labels on content using gin (pulp_labels) where pulp_labels <> '{}';
