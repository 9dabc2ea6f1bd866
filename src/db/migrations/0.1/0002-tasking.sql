-- Tasks, what they lock, who runs them, and schedules. All times are those of the database.
-- The rules of the queue are functions here, because each is one round trip and several statements that must see
-- one another's effects: in read committed mode every statement of a function has a snapshot of its own.

-- Processes that are alive. `lease` numbers a registration and is never used twice: whoever runs a task holds the
-- task under its lease, and every change of the task is refused under another. `connection_name` is the application
-- name of the process's connections: they are closed by others when it is missing. `process_key` tells on the same
-- host whether the process still exists (boot, pid namespace and start time of the pid).
create table app_status (
  pulp_id uuid primary key,
  lease bigint generated always as identity unique,
  app_type text not null check (app_type in ('worker', 'api', 'content')),
  name text not null,
  versions jsonb not null default '{}',
  ttl double precision not null,
  last_heartbeat timestamptz not null default clock_timestamp(),
  host text not null,
  pid integer not null,
  process_key text,
  connection_name text not null default '',
  pulp_created timestamptz not null default clock_timestamp(),
  pulp_last_updated timestamptz not null default clock_timestamp(),
  constraint app_status_name_unique unique (name, app_type)
) with (fillfactor = 50);

create table task_group (
  pulp_id uuid primary key,
  domain_id integer not null references domain on delete cascade,
  description text not null default '',
  all_tasks_dispatched boolean not null default false,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index task_group_domain on task_group (domain_id, pulp_id);

-- id is the place in the queue: of two tasks that conflict, the one with the smaller id runs first.
-- unblocked_at: since when no earlier unfinished task conflicts. arguments: encrypted JSON, dropped at the end.
-- reserved_resources_record: exclusive names as they are, shared ones behind `shared:`.
-- created_resources: PRNs in the order of their creation. lease, worker: who runs it or ran it last.
-- domain_id and created_by are no foreign keys, since each dispatch would lock those rows; triggers below replace them.
create table task (
  id bigint generated always as identity unique,
  pulp_id uuid primary key,
  domain_id integer not null,
  name text not null,
  state text not null check (state in ('waiting', 'running', 'canceling', 'skipped', 'completed', 'failed', 'canceled')),
  logging_cid text not null default '',
  pulp_created timestamptz not null,
  pulp_last_updated timestamptz not null,
  unblocked_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  arguments text,
  error jsonb,
  result jsonb,
  created_by integer,
  parent_task_id uuid references task on delete set null,
  task_group_id uuid references task_group on delete set null,
  immediate boolean not null default false,
  can_defer boolean not null default true,
  versions jsonb not null default '{}',
  reserved_resources_record text[] not null default '{}',
  created_resources text[] not null default '{}',
  profile_options jsonb,
  lease bigint,
  worker text
);
-- The queue: what may run, what is blocked, what is running.
create index task_ready on task (immediate desc, id) where state = 'waiting' and unblocked_at is not null;
create index task_blocked on task (id) where state = 'waiting' and unblocked_at is null;
create index task_held on task (lease) where state in ('running', 'canceling');
-- Filters of the API.
create index task_domain on task (domain_id, id);
create index task_state on task (state, id);
create index task_name on task (name, id);
create index task_created on task (pulp_created);
create index task_started on task (started_at) where started_at is not null;
create index task_finished on task (finished_at) where finished_at is not null;
create index task_unblocked on task (unblocked_at) where unblocked_at is not null;
create index task_cid on task (logging_cid) where logging_cid <> '';
create index task_creator on task (created_by, id) where created_by is not null;
create index task_parent on task (parent_task_id) where parent_task_id is not null;
create index task_member on task (task_group_id) where task_group_id is not null;
create index task_reserved on task using gin (reserved_resources_record);
create index task_results on task using gin (created_resources) where created_resources <> '{}';

-- What unfinished tasks hold or wait for. A task that runs keeps its rows, and everything it writes is written in
-- transactions that hold one of them in key share mode: whoever ends the task deletes them, and so waits for those.
-- The index by task is a hash because one that could be read in order might be taken for the primary key's work.
create table task_resource (
  resource text not null,
  exclusive boolean not null,
  task_id bigint not null,
  primary key (resource, exclusive, task_id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index task_resource_task on task_resource using hash (task_id);

create table progress_report (
  pulp_id uuid primary key,
  task_id uuid not null references task on delete cascade,
  message text not null,
  code text not null default '',
  state text not null,
  total bigint,
  done bigint not null default 0,
  suffix text,
  pulp_created timestamptz not null default now()
);
create index progress_report_task on progress_report (task_id, pulp_id);

create table group_progress_report (
  pulp_id uuid primary key,
  task_group_id uuid not null references task_group on delete cascade,
  message text not null,
  code text not null default '',
  total bigint,
  done bigint not null default 0,
  suffix text,
  constraint group_progress_report_code unique (task_group_id, code)
);

-- Either an interval or a cron expression in a time zone; neither: once. built_in: kept in step with the settings.
-- arguments: encrypted JSON. The task runs in the domain (default: the default one) on behalf of created_by.
create table task_schedule (
  pulp_id uuid primary key,
  name text not null constraint task_schedule_name_unique unique,
  task_name text not null,
  dispatch_interval interval check (dispatch_interval > interval '0'),
  cron text,
  time_zone text not null default 'UTC',
  next_dispatch timestamptz default clock_timestamp(),
  last_task_id uuid references task on delete set null,
  enabled boolean not null default true,
  built_in boolean not null default false,
  domain_id integer references domain on delete cascade,
  created_by integer references app_user on delete cascade,
  arguments text,
  exclusive_resources text[] not null default '{}',
  shared_resources text[] not null default '{}',
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  check (dispatch_interval is null or cron is null)
);
create index task_schedule_due on task_schedule (next_dispatch) where enabled and next_dispatch is not null;
create index task_schedule_last on task_schedule (last_task_id) where last_task_id is not null;
create index task_schedule_task on task_schedule (task_name);

create function forget_domain_tasks() returns trigger language plpgsql as $$
begin
  delete from task where domain_id = old.id;
  return null;
end $$;
create trigger domain_tasks after delete on domain for each row execute function forget_domain_tasks();

create function forget_task_creator() returns trigger language plpgsql as $$
begin
  update task set created_by = null where created_by = old.id;
  return null;
end $$;
create trigger user_tasks after delete on app_user for each row execute function forget_task_creator();

-- Plans of statements in functions are kept by each session, perhaps from a time when the tables were empty. So the
-- statements below look up one thing each by the one index there is for it, sequential scans are off, and so is sorting
-- where an index has the order.

-- Whether somebody holds or waits for the name in a way that conflicts, before the given task.
create function resource_is_taken(p_name text, p_exclusive boolean, p_before bigint) returns boolean
  language plpgsql stable set enable_seqscan = off as $$
begin
  if exists (select from task_resource where resource = p_name and exclusive = true and task_id < p_before) then
    return true;
  end if;
  return p_exclusive
    and exists (select from task_resource where resource = p_name and exclusive = false and task_id < p_before);
end $$;

-- Whether an earlier unfinished task conflicts: exclusive with anything, shared with exclusive.
create function task_is_blocked(p_id bigint) returns boolean language plpgsql stable set enable_seqscan = off as $$
declare
  mine record;
begin
  for mine in select resource, exclusive from task_resource where task_id = p_id loop
    if resource_is_taken(mine.resource, mine.exclusive, p_id) then return true; end if;
  end loop;
  return false;
end $$;

-- Puts a task into the queue. Names are locked in one order until the commit (1024 buckets, so that a task with
-- thousands of names does not fill the lock table): conflicting tasks get their ids in the order of their commits,
-- therefore whatever conflicts and is earlier can be seen here, and later tasks never come to stand before this one.
-- An immediate task that is not blocked starts at once under p_lease; that needs no flush of the log, because the end
-- of the task is flushed before anybody hears of it.
create function dispatch_task(
  p_pulp_id uuid, p_domain_id integer, p_name text, p_cid text, p_arguments text,
  p_exclusive text[], p_shared text[], p_created_by integer, p_parent uuid, p_group uuid,
  p_immediate boolean, p_can_defer boolean, p_versions jsonb, p_profile jsonb, p_lease bigint, p_worker text
) returns setof task language plpgsql set enable_seqscan = off as $$
declare
  bucket record;
  resource_name text;
  blocked boolean := false;
  row_ task;
begin
  for bucket in
    select number, bool_or(alone) as alone
      from (select hashtext(name) & 1023 as number, true as alone from unnest(p_exclusive) as name
            union all select hashtext(name) & 1023, false from unnest(p_shared) as name) as named
      group by number order by number
  loop
    if bucket.alone then perform pg_advisory_xact_lock(1952543595, bucket.number);
    else perform pg_advisory_xact_lock_shared(1952543595, bucket.number);
    end if;
  end loop;

  foreach resource_name in array p_exclusive loop
    blocked := blocked or resource_is_taken(resource_name, true, 9223372036854775807);
  end loop;
  foreach resource_name in array p_shared loop
    blocked := blocked or resource_is_taken(resource_name, false, 9223372036854775807);
  end loop;
  row_.pulp_created := clock_timestamp();
  row_.state := case
    when not p_immediate then 'waiting'
    when blocked and not p_can_defer then 'canceled'
    when not blocked and p_lease is not null then 'running'
    else 'waiting' end;
  if row_.state = 'running' then perform set_config('synchronous_commit', 'off', true); end if;

  insert into task (pulp_id, domain_id, name, state, logging_cid, pulp_created, pulp_last_updated, unblocked_at,
      started_at, finished_at, arguments, error, created_by, parent_task_id, task_group_id, immediate, can_defer,
      versions, reserved_resources_record, profile_options, lease, worker)
    values (p_pulp_id, p_domain_id, p_name, row_.state, p_cid, row_.pulp_created, row_.pulp_created,
      case when not blocked then row_.pulp_created end,
      case when row_.state = 'running' then row_.pulp_created end,
      case when row_.state = 'canceled' then row_.pulp_created end,
      p_arguments,
      case when row_.state = 'canceled' then '{"reason": "Resources temporarily unavailable."}'::jsonb end,
      p_created_by, p_parent, p_group, p_immediate, p_can_defer, p_versions,
      p_exclusive || array(select 'shared:' || name from unnest(p_shared) as name), p_profile,
      case when row_.state = 'running' then p_lease end,
      case when row_.state = 'running' then p_worker end)
    returning * into row_;
  if row_.state <> 'canceled' then
    insert into task_resource (resource, task_id, exclusive)
      select name, row_.id, true from unnest(p_exclusive) as name
      union all select name, row_.id, false from unnest(p_shared) as name;
  end if;
  return next row_;
end $$;

-- Called after the commit of a dispatch. What blocked the task may have ended between its look and its commit, unseen
-- by the one who ended it: so it looks again. Then workers are told, in a transaction of its own because commits with
-- notifications go one by one and those that flush the log are slow.
create function announce_task(p_id bigint) returns void language plpgsql set enable_seqscan = off as $$
declare
  found_ task;
begin
  perform set_config('synchronous_commit', 'off', true);
  select * into found_ from task where id = p_id;
  if found_.state = 'waiting' and found_.unblocked_at is null and not task_is_blocked(p_id) then
    update task set unblocked_at = clock_timestamp()
      where id = p_id and state = 'waiting' and unblocked_at is null returning * into found_;
  end if;
  if found_.state = 'waiting' and found_.unblocked_at is not null then perform pg_notify('task_ready', ''); end if;
  if found_.id is not null then
    perform pg_notify('task_state', json_build_object('pulp_id', found_.pulp_id, 'state', found_.state)::text);
  end if;
end $$;

-- Looks who may go on after these names were given back, and returns how many. On each name only those before the
-- first exclusive one, and that one itself, can be next; behind a shared one that has ended only that one.
create function unblock_after(p_exclusive text[], p_shared text[]) returns integer language plpgsql
  set enable_seqscan = off as $$
declare
  resource_name text;
  first_exclusive bigint;
  candidates bigint[] := '{}';
begin
  foreach resource_name in array p_shared loop
    select min(task_id) into first_exclusive from task_resource where resource = resource_name and exclusive = true;
    if first_exclusive is not null then candidates := candidates || first_exclusive; end if;
  end loop;
  foreach resource_name in array p_exclusive loop
    select min(task_id) into first_exclusive from task_resource where resource = resource_name and exclusive = true;
    if first_exclusive is not null then candidates := candidates || first_exclusive; end if;
    candidates := candidates || array(
      select task_id from task_resource where resource = resource_name and exclusive = false
        and task_id < coalesce(first_exclusive, 9223372036854775807));
  end loop;
  return unblock_tasks(candidates);
end $$;

-- Marks those of the tasks that wait and are blocked no more, in the order of the queue; returns how many. No lock is
-- taken before it is known that a task is not blocked: whoever ended the last blocker must not be kept away by
-- another who looked too early.
create function unblock_tasks(p_ids bigint[]) returns integer language plpgsql set enable_seqscan = off as $$
declare
  candidate bigint;
  unblocked integer := 0;
begin
  for candidate in select distinct id from unnest(p_ids) as id order by id loop
    continue when task_is_blocked(candidate);
    update task set unblocked_at = clock_timestamp() where id = candidate and state = 'waiting' and unblocked_at is null;
    if found then unblocked := unblocked + 1; end if;
  end loop;
  return unblocked;
end $$;

-- The same for everything that is blocked: finds what was overlooked because somebody died in between.
create function unblock_all() returns integer language plpgsql set enable_seqscan = off as $$
declare
  unblocked integer := 0;
begin
  perform set_config('synchronous_commit', 'off', true);
  if pg_try_advisory_xact_lock(1952543596, 0) then
    unblocked := unblock_tasks(array(select id from task where state = 'waiting' and unblocked_at is null));
    if unblocked > 0 then perform pg_notify('task_ready', ''); end if;
  end if;
  return unblocked;
end $$;

-- The numbers at the beginning of a version, without zeros at the end: 3.10.0.dev becomes {3,10}.
create function version_numbers(p_version text) returns integer[] language sql immutable as $$
  select coalesce(string_to_array(nullif(
    regexp_replace(substring(p_version from '^\d+(?:\.\d+)*'), '(^|\.)0+(\.0+)*$', ''), ''), '.')::integer[], '{}')
$$;

-- Whether a program with these versions of its components satisfies the least versions that a task asks for.
create function versions_suffice(p_needed jsonb, p_have jsonb) returns boolean language sql immutable as $$
  select not exists (
    select from jsonb_each_text(p_needed) as needed
      where p_have ->> needed.key is null or version_numbers(needed.value) > version_numbers(p_have ->> needed.key)
  )
$$;

-- Takes the next task for a process that is still registered; immediate ones first, then in order of the queue.
-- p_finished is the task the caller has just ended: its followers are unblocked on the way. The caller runs one task at
-- a time: one that it holds already was given to it in an answer that got lost. Nothing here needs to survive a crash
-- of the database: what a task writes later flushes its start with it.
create function next_task(p_lease bigint, p_worker text, p_versions jsonb, p_finished bigint) returns setof task
  language plpgsql set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  claimed task;
  unblocked integer := 0;
begin
  perform set_config('synchronous_commit', 'off', true);
  if p_finished is not null then unblocked := release_task(p_finished); end if;
  if p_lease is not null then
    select * into claimed from task where lease = p_lease and state = 'running';
    if not found then
      update task set state = 'running', lease = p_lease, worker = p_worker, started_at = clock_timestamp()
        where id = (
          select id from task
            where state = 'waiting' and unblocked_at is not null
              and (versions = '{}' or versions_suffice(versions, p_versions))
              and exists (select from app_status where lease = p_lease)
            order by immediate desc, id for update skip locked limit 1
        )
        returning * into claimed;
    end if;
  end if;
  if claimed.id is not null then
    unblocked := unblocked - 1;
    perform pg_notify('task_state', json_build_object('pulp_id', claimed.pulp_id, 'state', 'running')::text);
    return next claimed;
  end if;
  if unblocked > 0 then perform pg_notify('task_ready', ''); end if;
end $$;

-- Unblocks whoever waited for a finished task and tells its state to those who listen; returns how many may go on.
create function release_task(p_id bigint) returns integer language plpgsql set enable_seqscan = off as $$
declare
  ended task;
begin
  select * into ended from task where id = p_id;
  if ended.id is null then return 0; end if;
  perform pg_notify('task_state', json_build_object('pulp_id', ended.pulp_id, 'state', ended.state)::text);
  return unblock_after(
    array(select name from unnest(ended.reserved_resources_record) as name where name not like 'shared:%'),
    array(select substring(name from 8) from unnest(ended.reserved_resources_record) as name where name like 'shared:%')
  );
end $$;

-- Removes repository versions and publications that a task began and did not complete.
create function discard_incomplete_results(p_task task) returns void language plpgsql set enable_seqscan = off as $$
declare
  version record;
  exclusive_ids uuid[] := array(
    select right(name, 36)::uuid from unnest(p_task.reserved_resources_record) as name
      where name ~ '^prn:[a-z0-9_.]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$');
  created_ids uuid[] := array(
    select right(name, 36)::uuid from unnest(p_task.created_resources) as name
      where name ~ '^prn:[a-z0-9_.]+(publication|repositoryversion):[0-9a-f-]{36}$');
begin
  for version in
    select v.id, v.number, v.repository_id from repository_version v
      where not v.complete and (v.pulp_id = any (created_ids)
        or v.repository_id in (select id from repository where pulp_id = any (exclusive_ids)))
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

-- Ends a task held under a lease; returns its final state, or null when the lease no longer holds it. A task that is
-- being canceled ends as canceled, unless it is an immediate one, which cannot be interrupted and may have completed.
-- Its resource rows are locked before its own row, in the order of its own transactions, which thereby end first.
create function finish_task(p_id bigint, p_lease bigint, p_state text, p_result jsonb, p_error jsonb, p_created text[])
  returns text language plpgsql set enable_seqscan = off as $$
declare
  ending task;
  final text := p_state;
begin
  perform from task_resource where task_id = p_id for update;
  select * into ending from task
    where id = p_id and lease = p_lease and state in ('running', 'canceling') for update;
  if not found then return null; end if;
  if ending.state = 'canceling' and not (p_state = 'completed' and ending.immediate) then final := 'canceled'; end if;
  ending.created_resources := ending.created_resources || coalesce(p_created, '{}');
  if final <> 'completed' then perform discard_incomplete_results(ending); end if;
  update progress_report set state = final where task_id = ending.pulp_id and state in ('waiting', 'running', 'canceling');
  update task set state = final, finished_at = clock_timestamp(), arguments = null,
      result = case when final = 'completed' then p_result end,
      error = case when final = 'failed' then p_error end,
      created_resources = ending.created_resources
    where id = p_id;
  delete from task_resource where task_id = p_id;
  return final;
end $$;

-- Cancels a task: one that waits ends at once, one that runs is marked for its process, which is told by the caller.
-- Returns the task as it is now; nothing when there is none or it has ended before.
create function cancel_task(p_pulp_id uuid) returns setof task language plpgsql set enable_seqscan = off as $$
declare
  canceled task;
begin
  update task set
      state = case when state = 'waiting' then 'canceled' else 'canceling' end,
      finished_at = case when state = 'waiting' then clock_timestamp() end,
      arguments = case when state <> 'waiting' then arguments end
    where pulp_id = p_pulp_id and state in ('waiting', 'running', 'canceling') returning * into canceled;
  if canceled.id is null then return; end if;
  if canceled.state = 'canceled' then delete from task_resource where task_id = canceled.id; end if;
  return next canceled;
end $$;

-- Takes over the tasks of processes that are no more; they are held under the negative lease of the one who ends them,
-- which keeps them apart from what that process runs itself. The resource rows come first, as in finish_task: a
-- transaction of the former holder ends before the task changes hands.
create function adopt_orphans(p_lease bigint) returns setof task language plpgsql set enable_seqscan = off as $$
declare
  orphan bigint;
begin
  for orphan in
    select id from task where state in ('running', 'canceling')
      and not exists (select from app_status where app_status.lease = abs(task.lease)) order by id
  loop
    perform from task_resource where task_id = orphan for update;
    return query update task set lease = -p_lease
      where id = orphan and state in ('running', 'canceling')
        and not exists (select from app_status where app_status.lease = abs(task.lease))
      returning *;
  end loop;
end $$;

-- A sign of life; returns the tasks held under the lease, or null when the registration is gone.
create function beat(p_lease bigint) returns json language plpgsql set enable_seqscan = off as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update app_status set last_heartbeat = clock_timestamp() where lease = p_lease;
  if not found then return null; end if;
  return (select coalesce(json_agg(json_build_object('id', id, 'pulp_id', pulp_id, 'state', state,
      'age', extract(epoch from clock_timestamp() - started_at))), '[]')
    from task where lease = p_lease and state in ('running', 'canceling'));
end $$;
