-- A run that gave no outcome by its own fault has failed, and is missing for the gate's guard all the same.
alter table outcomes drop constraint outcomes_check;
alter table outcomes add constraint outcomes_check
  check (missing is null or score is null or (missing = 'arm' and score = 0));

-- Every run of both arms where a pair averages more than one of each.
alter table pairs add column replicates jsonb;
