-- Members of composite guards: a request passes when one of them lets it pass.
create table content_guard_member (
  guard_id uuid not null references content_guard on delete cascade,
  member_id uuid not null references content_guard on delete cascade,
  position integer not null,
  primary key (guard_id, member_id)
);
create index content_guard_member_member on content_guard_member (member_id);
create index content_guard_type on content_guard (pulp_type, pulp_id);
create index domain_default_content_guard on domain (default_content_guard_id) where default_content_guard_id is not null;
