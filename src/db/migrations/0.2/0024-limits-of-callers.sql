-- A task asked for with a token of some permissions has no others, nor have its children and what a schedule so made starts:
-- caller_limit is {"permissions": […], "ofSuperuser": …}, null for the whole account.
alter table task add column caller_limit jsonb;
alter table task_schedule add column caller_limit jsonb;

-- dispatch_task with the limit of its caller. Rare, so that the usual dispatch stays as lean as it is.
create function dispatch_limited_task(
  p_pulp_id uuid, p_domain_id integer, p_name text, p_cid text, p_arguments text,
  p_exclusive text[], p_shared text[], p_created_by integer, p_parent uuid, p_group uuid,
  p_immediate boolean, p_can_defer boolean, p_versions jsonb, p_profile jsonb, p_lease bigint, p_worker text, p_limit jsonb
) returns setof task language plpgsql as $$
declare
  made task;
begin
  select * into made from dispatch_task(p_pulp_id, p_domain_id, p_name, p_cid, p_arguments, p_exclusive, p_shared,
    p_created_by, p_parent, p_group, p_immediate, p_can_defer, p_versions, p_profile, p_lease, p_worker);
  return query update task set caller_limit = p_limit where id = made.id returning *;
end $$;
