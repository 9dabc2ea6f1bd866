-- What the schedules of users do: an operation of the API on a target (a PRN), with options, as their makers may do it.
alter table task_schedule
  add column operation text check (operation in ('sync', 'publish', 'replicate', 'orphan_cleanup')),
  add column target text,
  add column options jsonb not null default '{}',
  alter column task_name set default 'deckle.app.tasks.schedule.perform';
