-- What judging live outcomes costs, counted by UTC day against the learning budget.
create table live_judgements (
  tenant text not null,
  agent text not null,
  day date not null,
  judgements integer not null check (judgements > 0),
  primary key (tenant, agent, day),
  foreign key (tenant, agent) references agents
);
alter table live_judgements enable row level security;
alter table live_judgements force row level security;
create policy own_tenant on live_judgements to ratchet_app
  using (tenant = current_setting('ratchet.tenant', true));
grant select, insert, update on live_judgements to ratchet_app;
