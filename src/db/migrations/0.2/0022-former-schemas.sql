-- Brings databases to the present schema that were made by programs from before the first release, when files of migrations were still
-- edited (src/db/former-migrations.ts). Nothing here changes a database that was made by the files as they are.
do $$
begin
  if exists (select from information_schema.columns
      where table_schema = current_schema() and table_name = 'webhook' and column_name = 'domain_id') then
    create or replace function last_event() returns bigint language sql as 'select last from event_clock';
    alter table webhook add column domain uuid references domain (pulp_id) on delete cascade;
    update webhook set domain = d.pulp_id from domain d where d.id = webhook.domain_id;
    alter table webhook drop column domain_id;
    create index if not exists webhook_domain on webhook (domain);
    alter table webhook alter column kinds drop default;
    alter table webhook alter column kinds type jsonb using to_jsonb(kinds);
    alter table webhook alter column kinds set default '[]';
    alter table webhook alter column position set default last_event();
  end if;
  alter table repository_content drop constraint if exists repository_content_content_id_fkey;
  if pg_get_indexdef('repository_content_added'::regclass) like '%(repository_id, version_added)%' then
    drop index repository_content_added, repository_content_removed;
    create index repository_content_added on repository_content (version_added, repository_id);
    create index repository_content_removed on repository_content (version_removed, repository_id)
      where version_removed is not null;
  end if;
end $$;
