-- What a switch has left without use is kept out of sight instead of deleted while its run can be taken back; with a
-- repository its remote, so that what is fetched on demand can be fetched again.
alter table repository add column kept_for uuid;
alter table remote add column kept_for uuid;
create index repository_kept_for on repository (domain_id) where kept_for is not null;
create index remote_kept_for on remote (domain_id) where kept_for is not null;
