-- What a day's learning has spent on model calls: shadow runs, explorations, reflections and judges of pairs. Calls under
-- way are held as the largest of the day, so that the limit is passed by one call at most.
create table learning_spend (
  tenant text not null,
  agent text not null,
  day date not null,
  tokens bigint not null default 0 check (tokens >= 0),
  cost_micro_usd bigint not null default 0 check (cost_micro_usd >= 0),
  largest_tokens bigint not null default 0 check (largest_tokens >= 0),
  largest_micro_usd bigint not null default 0 check (largest_micro_usd >= 0),
  under_way integer not null default 0 check (under_way >= 0),
  primary key (tenant, agent, day),
  foreign key (tenant, agent) references agents (tenant, agent)
);
alter table learning_spend enable row level security;
alter table learning_spend force row level security;
create policy own_tenant on learning_spend to ratchet_app
  using (tenant = current_setting('ratchet.tenant', true));
grant select, insert, update on learning_spend to ratchet_app;
