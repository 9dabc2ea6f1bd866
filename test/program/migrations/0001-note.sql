create table note_note (
  content_id bigint primary key,
  title text not null
);
