-- What changed what a learner decides by, in order: the error ledger, arming, whose turn it is. Only ever added to.
create table learner_journal (
  tenant text not null,
  agent text not null,
  number integer not null check (number > 0),
  entry jsonb not null,
  at timestamptz not null default now(),
  primary key (tenant, agent, number)
);
alter table learner_journal enable row level security;
alter table learner_journal force row level security;
create policy own_tenant on learner_journal to ratchet_app
  using (tenant = current_setting('ratchet.tenant', true));
grant select, insert on learner_journal to ratchet_app;
