-- A candidate may be made of a part of another: what one bundle held is tried in two.
alter table lineage drop constraint lineage_to_kind_check;
alter table lineage add constraint lineage_to_kind_check
  check (to_kind in ('lesson', 'episode', 'proposal', 'candidate'));
