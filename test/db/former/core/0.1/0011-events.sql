-- What has happened, for those who want to be told: written by triggers, so that nothing that changes can be forgotten.

-- Who looked at the schedules last.
create table scheduler_turn (
  only_row boolean primary key default true check (only_row),
  process text not null default '',
  looked_at timestamptz
);
insert into scheduler_turn default values;

-- position: the place in the log, given afterwards in the order of commits (number_events); null until then. Only it is
-- shown to readers: of rows numbered by a sequence, one with a lower number may appear after one with a higher number.
-- master, pulp_type: what the subject is, as in PRNs once the program has named it. domain_id: null is the whole server.
create table event (
  id bigint generated always as identity primary key,
  transaction xid8 not null default pg_current_xact_id(),
  position bigint,
  happened_at timestamptz not null default clock_timestamp(),
  domain_id integer,
  kind text not null,
  master text not null,
  pulp_type text not null default '',
  subject uuid not null,
  data jsonb not null default '{}'
);
create unique index event_position on event (position) where position is not null;
create index event_unnumbered on event (transaction, id) where position is null;
create index event_age on event (happened_at);

-- The last position given. Its row is the lock: positions are given in one order, without gaps.
create table event_clock (
  only_row boolean primary key default true check (only_row),
  last bigint not null default 0,
  -- Everything up to here has been removed because of its age.
  removed bigint not null default 0
);
insert into event_clock default values;

-- Gives positions to the events of transactions before which none can commit any more; returns the last position. Rows of
-- transactions that this server has not begun yet came with a restored backup.
create function number_events(p_limit integer) returns bigint language plpgsql as $$
declare
  clock bigint;
  given bigint;
begin
  if not exists (select from event where position is null) then
    return (select last from event_clock);
  end if;
  select last into clock from event_clock for update;
  with next as (
    select id, row_number() over (order by transaction, id) as number
      from (select id, transaction from event
        where position is null and (transaction < pg_snapshot_xmin(pg_current_snapshot())
          or transaction >= pg_snapshot_xmax(pg_current_snapshot()))
        order by transaction, id limit p_limit) as ready
  )
  update event set position = clock + next.number from next where event.id = next.id;
  get diagnostics given = row_count;
  if given > 0 then update event_clock set last = clock + given; end if;
  return clock + given;
end $$;

-- Removes events that are older; what has no position yet stays.
create function remove_old_events(p_age interval) returns bigint language plpgsql as $$
declare
  upto bigint;
begin
  select max(position) into upto from event where happened_at < clock_timestamp() - p_age;
  if upto is null then return 0; end if;
  update event_clock set removed = greatest(removed, upto);
  delete from event where position <= upto;
  return upto;
end $$;

create function note_task_event() returns trigger language plpgsql as $$
begin
  insert into event (domain_id, kind, master, subject, data)
    values (new.domain_id, 'task.' || new.state, 'task', new.pulp_id,
      jsonb_build_object('name', new.name, 'state', new.state));
  return null;
end $$;
create trigger task_made after insert on task for each row execute function note_task_event();
create trigger task_changed after update of state on task for each row
  when (old.state is distinct from new.state) execute function note_task_event();

create function note_version_event() returns trigger language plpgsql as $$
declare
  version repository_version := case when tg_op = 'DELETE' then old else new end;
begin
  insert into event (domain_id, kind, master, pulp_type, subject, data)
    select r.domain_id, 'repository_version.' || case when tg_op = 'DELETE' then 'deleted' else 'created' end,
        'repository_version', '', version.pulp_id,
        jsonb_build_object('repository', r.pulp_id, 'repository_type', r.pulp_type, 'number', version.number)
      from repository r where r.id = version.repository_id;
  return null;
end $$;
create trigger version_completed after update of complete on repository_version for each row
  when (new.complete and not old.complete) execute function note_version_event();
create trigger version_made after insert on repository_version for each row
  when (new.complete) execute function note_version_event();
create trigger version_deleted after delete on repository_version for each row
  when (old.complete) execute function note_version_event();

-- For tables whose rows have a domain, a pulp_type and a pulp_id; the argument is the column with a name, if any.
create function note_row_event() returns trigger language plpgsql as $$
declare
  changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  insert into event (domain_id, kind, master, pulp_type, subject, data)
    values ((changed ->> 'domain_id')::integer,
      tg_table_name || case tg_op when 'INSERT' then '.created' when 'UPDATE' then '.updated' else '.deleted' end,
      tg_table_name, changed ->> 'pulp_type', (changed ->> 'pulp_id')::uuid,
      jsonb_strip_nulls(jsonb_build_object('name', changed ->> 'name', 'base_path', changed ->> 'base_path')));
  return null;
end $$;
create trigger repository_made after insert or delete on repository for each row execute function note_row_event();
create trigger distribution_made after insert or delete on distribution for each row execute function note_row_event();
create trigger distribution_changed after update on distribution for each row
  when ((old.name, old.base_path, old.pulp_labels, old.hidden, old.checkpoint, old.repository_id,
      old.repository_version_id, old.publication_id, old.remote_id, old.content_guard_id, old.details)
    is distinct from (new.name, new.base_path, new.pulp_labels, new.hidden, new.checkpoint, new.repository_id,
      new.repository_version_id, new.publication_id, new.remote_id, new.content_guard_id, new.details))
  execute function note_row_event();

create function note_publication_event() returns trigger language plpgsql as $$
begin
  insert into event (domain_id, kind, master, pulp_type, subject, data)
    values (new.domain_id, 'publication.created', 'publication', new.pulp_type, new.pulp_id, '{}');
  return null;
end $$;
create trigger publication_completed after update of complete on publication for each row
  when (new.complete and not old.complete) execute function note_publication_event();
create trigger publication_made after insert on publication for each row
  when (new.complete) execute function note_publication_event();

create function note_process_event() returns trigger language plpgsql as $$
declare
  process app_status := case when tg_op = 'DELETE' then old else new end;
begin
  insert into event (kind, master, subject, data)
    values (process.app_type || case when tg_op = 'DELETE' then '.gone' else '.online' end, 'app_status', process.pulp_id,
      jsonb_build_object('name', process.name, 'host', process.host, 'pid', process.pid));
  return null;
end $$;
create trigger process_noted after insert or delete on app_status for each row execute function note_process_event();

-- Where events are sent. kinds: all when empty, else those named or, with a star at the end, those that begin so.
-- position: up to where everything was delivered or given up; the next attempt is due at next_attempt.
create table webhook (
  pulp_id uuid primary key,
  domain_id integer references domain on delete cascade,
  name text not null constraint webhook_name_unique unique,
  url text not null,
  secret text,
  kinds text[] not null default '{}',
  enabled boolean not null default true,
  position bigint not null,
  attempts integer not null default 0,
  next_attempt timestamptz not null default clock_timestamp(),
  last_status integer,
  last_error text,
  last_delivery timestamptz,
  delivered bigint not null default 0,
  given_up bigint not null default 0,
  created_by integer references app_user on delete set null,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index webhook_due on webhook (next_attempt) where enabled;
create index webhook_domain on webhook (domain_id);
