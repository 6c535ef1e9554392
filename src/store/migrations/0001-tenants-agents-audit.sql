-- Every tenant table has row-level security enabled and forced. The application acts as ratchet_app,
-- which owns nothing and bypasses nothing; a transaction names its tenant in `ratchet.tenant`, and
-- without that setting no row is visible. ratchet_directory may list the tenants and do nothing else.

do $$
begin
  create role ratchet_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  create role ratchet_directory nologin nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
declare
  granted text;
  -- From 16 on being a member, as a creator of roles is, does not mean that one may act as the role.
  needed text := case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end;
begin
  foreach granted in array array['ratchet_app', 'ratchet_directory'] loop
    if not pg_has_role(current_user, granted, needed) then
      execute format('grant %I to current_user', granted);
    end if;
    execute format('grant usage on schema public to %I', granted);
  end loop;
end $$;

create table tenants (
  tenant text primary key check (tenant <> ''),
  created_at timestamptz not null default now()
);

create table agents (
  tenant text not null references tenants,
  agent text not null check (agent <> ''),
  -- How many tasks, candidates and lessons were numbered so far: the next number is one more.
  tasks integer not null default 0 check (tasks >= 0),
  candidates integer not null default 0 check (candidates >= 0),
  lessons integer not null default 0 check (lessons >= 0),
  -- The learning barrier: learning reads nothing of live tasks numbered above it; null for none.
  learning_up_to integer check (learning_up_to >= 0),
  created_at timestamptz not null default now(),
  primary key (tenant, agent)
);

-- A hash chain a tenant. The head row is locked for every append, so that the chain cannot fork.
create table audit_heads (
  tenant text primary key references tenants,
  sequence integer not null default 0 check (sequence >= 0),
  hash text not null default repeat('0', 64) check (hash ~ '^[0-9a-f]{64}$')
);

create table audit (
  tenant text not null references tenants,
  sequence integer not null check (sequence > 0),
  at timestamptz not null,
  actor_id text not null,
  actor_role text not null check (actor_role in ('owner', 'expert', 'user', 'system')),
  action text not null check (action <> ''),
  object_kind text not null,
  object_id text not null,
  reason text not null,
  detail json not null,
  previous text not null check (previous ~ '^[0-9a-f]{64}$'),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  primary key (tenant, sequence)
);
create index audit_by_object on audit (tenant, object_kind, object_id, sequence);

-- From what something was made, or what it used; written with the thing itself.
create table lineage (
  tenant text not null references tenants,
  from_kind text not null check (from_kind in ('episode', 'lesson', 'version', 'candidate')),
  from_id text not null,
  to_kind text not null check (to_kind in ('lesson', 'episode', 'proposal')),
  to_id text not null,
  primary key (tenant, from_kind, from_id, to_kind, to_id)
);
create index lineage_backwards on lineage (tenant, to_kind, to_id);

do $$
declare
  protected text;
begin
  foreach protected in array array['tenants', 'agents', 'audit_heads', 'audit', 'lineage'] loop
    execute format('alter table %I enable row level security', protected);
    execute format('alter table %I force row level security', protected);
    execute format(
      'create policy own_tenant on %I to ratchet_app using (tenant = current_setting(''ratchet.tenant'', true))',
      protected
    );
  end loop;
end $$;
create policy directory on tenants for select to ratchet_directory using (true);

grant select on tenants to ratchet_directory;
grant select, insert on tenants, audit, lineage to ratchet_app;
grant select, insert, update on agents, audit_heads to ratchet_app;

-- Locks the head of a tenant's chain for the rest of the transaction and says what the next entry follows.
create function lock_audit_head(in_tenant text)
returns table (sequence integer, hash text, at timestamptz)
language plpgsql as $$
begin
  insert into audit_heads (tenant) values (in_tenant) on conflict do nothing;
  return query
    select head.sequence, head.hash, date_trunc('milliseconds', clock_timestamp())
    from audit_heads head where head.tenant = in_tenant for update;
end $$;
