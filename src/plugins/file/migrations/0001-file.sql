-- Units of the file type: a path and the SHA-256 of the bytes.
create table file_content (
  content_id bigint primary key,
  relative_path text collate "C" not null,
  digest text not null
);
-- In bytewise order, whatever that of the database is: everything below a directory is a range.
create index file_content_path on file_content (relative_path);
create index file_content_digest on file_content using hash (digest);
