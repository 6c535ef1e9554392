-- What either arm of a pair cost: micro-dollars where its model has a price, else tokens; null where it is not known.
alter table pairs
  add column baseline_cost double precision check (baseline_cost >= 0),
  add column candidate_cost double precision check (candidate_cost >= 0);
