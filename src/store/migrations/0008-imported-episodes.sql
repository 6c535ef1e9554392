-- Runs that were recorded elsewhere, numbered by agent in the order in which they were read.

alter table agents add column imported integer not null default 0 check (imported >= 0);

alter table episodes
  -- The name of the run in its source: what is there already is not read again.
  add column run_id text check (run_id <> ''),
  -- What the source said of the run, which nobody here has checked.
  add column recorded json,
  drop constraint episodes_mode_check,
  add constraint episodes_mode_check check (mode in ('live', 'shadow', 'explore', 'imported')),
  drop constraint episodes_check,
  add constraint episodes_check check ((mode in ('live', 'imported')) = (number > 0)),
  add constraint episodes_imported_check check (
    (mode = 'imported') = (run_id is not null) and (run_id is null) = (recorded is null)
  );
create unique index episodes_by_run on episodes (tenant, run_id) where run_id is not null;
create unique index episodes_imported on episodes (tenant, agent, number) where mode = 'imported';
