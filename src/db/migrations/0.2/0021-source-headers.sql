-- Headers that a request for the bytes of a unit needs, such as the media types of a manifest; no credentials, these are the remote's.
alter table remote_artifact add column headers jsonb;
