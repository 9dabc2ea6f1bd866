-- What diagnostics of a task have recorded, by kind: memory, logs, debug-logs, cpu-profile.
create table task_profile (
  task_id bigint not null references task (id) on delete cascade,
  name text not null,
  artifact_id bigint not null references artifact,
  primary key (task_id, name)
);
create index task_profile_artifact on task_profile (artifact_id);
