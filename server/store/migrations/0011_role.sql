-- 0011_role.sql: roles that a project makes for itself, beside the built-in ones.
create table role (
  project_id   text collate "C" not null references project (id) on delete cascade,
  name         text collate "C" not null check (name ~ '^[a-z][a-z0-9_-]{0,63}$'),
  description  text not null,
  -- A policy document, version 1.1, as it was sent.
  policy       text not null,
  created_at   timestamptz not null,
  primary key (project_id, name)
);

-- A built-in role, or one of the project's own.
alter table account_role drop constraint account_role_role_check;
alter table account_role add check (role ~ '^[a-z][a-z0-9_-]{0,63}$');
