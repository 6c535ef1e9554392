-- Whoever erases a person acts as ratchet_eraser: the rights of the application, and those to take away
-- what it may otherwise only add.

do $$
begin
  create role ratchet_eraser nologin nosuperuser nobypassrls nocreatedb nocreaterole;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
declare
  needed text := case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end;
begin
  if not pg_has_role('ratchet_eraser', 'ratchet_app', 'usage') then
    grant ratchet_app to ratchet_eraser;
  end if;
  if not pg_has_role(current_user, 'ratchet_eraser', needed) then
    execute 'grant ratchet_eraser to current_user';
  end if;
end $$;

grant usage on schema public to ratchet_eraser;
grant delete on feedback, labels, proposals, evidence to ratchet_eraser;
grant update (sources, rationale) on lesson_revisions to ratchet_eraser;
