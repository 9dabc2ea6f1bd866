-- A process is given only tasks that it knows. Programs tell the names since this migration; what older ones know is not told (null),
-- and they are given what they have always been given.
alter table app_status add column functions text[];

create or replace function next_task(p_lease bigint, p_worker text, p_versions jsonb, p_finished bigint) returns setof task
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
              and exists (select from app_status a
                where a.lease = p_lease and (a.functions is null or task.name = any (a.functions)))
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
