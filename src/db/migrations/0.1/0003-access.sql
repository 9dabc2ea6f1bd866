-- Who may do what: groups, roles and their assignments, policies of views, tokens of users and robots.

create table app_group (
  id integer generated always as identity primary key,
  name text not null constraint app_group_name_unique unique
);
create table app_group_user (
  group_id integer not null references app_group on delete cascade,
  user_id integer not null references app_user on delete cascade,
  primary key (group_id, user_id)
);
create index app_group_user_user on app_group_user (user_id, group_id);

-- A named set of permissions (`file.view_filerepository`). Locked ones come with the software.
create table role (
  id integer generated always as identity unique,
  pulp_id uuid primary key,
  name text not null constraint role_name_unique unique,
  description text,
  permissions text[] not null default '{}',
  locked boolean not null default false,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
create index role_permissions on role using gin (permissions);

-- A role held by a user or by a group: everywhere, in a domain, or on one object (label of its model and its id).
-- holder is the user's id, or that of the group below zero: one column to look for, so that "objects the caller holds a
-- role on" is a plain join. Ids of groups as objects are written as the last digits of a UUID.
create table role_assignment (
  pulp_id uuid primary key,
  user_id integer references app_user on delete cascade,
  group_id integer references app_group on delete cascade,
  holder integer not null generated always as (coalesce(user_id, -group_id)) stored,
  role_id integer not null references role (id) on delete cascade,
  domain_id integer references domain on delete cascade,
  model text,
  object_id uuid,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  check ((user_id is null) <> (group_id is null)),
  check ((model is null) = (object_id is null)),
  check (domain_id is null or object_id is null)
);
create unique index role_assignment_object on role_assignment (holder, model, object_id, role_id) where object_id is not null;
create unique index role_assignment_wide on role_assignment (holder, role_id, coalesce(domain_id, 0)) where object_id is null;
create index role_assignment_of_object on role_assignment (object_id) where object_id is not null;
create index role_assignment_role on role_assignment (role_id);
create index role_assignment_domain on role_assignment (domain_id) where domain_id is not null;
create index role_assignment_user on role_assignment (user_id, pulp_id) where user_id is not null;
create index role_assignment_group on role_assignment (group_id, pulp_id) where group_id is not null;

-- One row per view; those that were not changed by hand follow the software.
create table access_policy (
  pulp_id uuid primary key,
  viewset_name text not null constraint access_policy_viewset_name_unique unique,
  statements jsonb not null default '[]',
  creation_hooks jsonb,
  queryset_scoping jsonb,
  customized boolean not null default false,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);

-- generation counts changes of policies, so that processes know when what they remember is old; defaults is the
-- digest of the roles and policies of the software that were written last.
create table access_state (
  only_row boolean primary key default true check (only_row),
  generation bigint not null default 1,
  defaults text not null default ''
);
insert into access_state default values;

create function note_policy_change() returns trigger language plpgsql as $$
begin
  update access_state set generation = generation + 1;
  perform pg_notify('access_policy_changed', '');
  return null;
end $$;
create trigger access_policy_changed after insert or update or delete on access_policy
  for each statement execute function note_policy_change();

-- Tokens of users and robot accounts; only a digest is kept.
create table api_token (
  pulp_id uuid primary key,
  user_id integer not null references app_user on delete cascade,
  name text not null,
  token_digest bytea not null unique,
  scope text not null check (scope in ('read', 'read-write', 'permissions')),
  permissions text[] not null default '{}',
  expires_at timestamptz,
  last_used timestamptz,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now(),
  constraint api_token_name_unique unique (user_id, name)
);

-- Wrong passwords by user and address; of no value after a crash.
create unlogged table login_failure (
  key bytea primary key,
  failures integer not null,
  since timestamptz not null default now()
);
create index login_failure_age on login_failure (since);

-- Roles on objects end with the objects. For tables with pulp_id: select forget_roles_of('table').
create function forget_roles() returns trigger language plpgsql as $$
begin
  delete from role_assignment a using gone g where a.object_id = g.pulp_id;
  return null;
end $$;
create function forget_roles_of(p_table text) returns void language plpgsql as $$
begin
  execute format('create trigger %I after delete on %I referencing old table as gone
    for each statement execute function forget_roles()', p_table || '_roles', p_table);
end $$;
select forget_roles_of(name) from unnest(array['repository', 'remote', 'publication', 'distribution', 'content_guard',
  'alternate_content_source', 'upload', 'task', 'task_schedule', 'domain']) as name;

create function object_key(p_id integer) returns uuid language sql immutable strict parallel safe as $$
  select ('00000000-0000-0000-0000-' || lpad(to_hex(p_id), 12, '0'))::uuid
$$;
create function forget_group_roles() returns trigger language plpgsql as $$
begin
  delete from role_assignment where model = 'core.group' and object_id = object_key(old.id);
  return null;
end $$;
create trigger app_group_roles after delete on app_group for each row execute function forget_group_roles();

-- What the creation hooks of a policy give for a new object. Roles that are gone are left out.
create function grant_creation_roles(p_hooks jsonb, p_user integer, p_model text, p_object uuid) returns void
  language plpgsql as $$
declare
  hook jsonb;
  given jsonb;
begin
  if jsonb_typeof(p_hooks) is distinct from 'array' then return; end if;
  for hook in select value from jsonb_array_elements(p_hooks) loop
    given := case jsonb_typeof(hook #> '{parameters,roles}')
      when 'array' then hook #> '{parameters,roles}'
      when 'string' then jsonb_build_array(hook #> '{parameters,roles}')
      else '[]'::jsonb end;
    insert into role_assignment (pulp_id, user_id, group_id, role_id, model, object_id)
      select uuidv7_now(), to_whom.user_id, to_whom.group_id, r.id, p_model, p_object
      from role r,
        lateral (select p_user as user_id, null::integer as group_id
            where hook ->> 'function' = 'add_roles_for_object_creator' and p_user is not null
          union all select u.id, null from app_user u where hook ->> 'function' = 'add_roles_for_users'
            and u.username = any (json_names(hook #> '{parameters,users}'))
          union all select null, g.id from app_group g where hook ->> 'function' = 'add_roles_for_groups'
            and g.name = any (json_names(hook #> '{parameters,groups}'))) as to_whom
      where r.name = any (json_names(given))
      on conflict do nothing;
  end loop;
end $$;

-- A name or a list of names in JSON as an array.
create function json_names(p_value jsonb) returns text[] language sql immutable as $$
  select case jsonb_typeof(p_value)
    when 'array' then array(select jsonb_array_elements_text(p_value))
    when 'string' then array[p_value #>> '{}']
    else '{}'::text[] end
$$;

-- Ids that sort by the time of their making, for rows made inside the database (version 7, milliseconds).
create function uuidv7_now() returns uuid language sql volatile as $$
  select (overlay(overlay(gen_random_uuid()::text placing substr(hex, 1, 8) || '-' || substr(hex, 9, 4) from 1 for 13)
    placing '7' from 15 for 1))::uuid
  from (select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as hex) as moment
$$;

-- created_by holds the role core.task_owner on its task, without a row for each task, until the role is taken away.
alter table task add column creator_is_owner boolean not null default true;
