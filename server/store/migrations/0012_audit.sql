-- 0012_audit.sql: who did what when: one row for each call that writes.
create table audit (
  id            bigint generated always as identity primary key,
  at            timestamptz not null,
  -- Empty for a call outside of every project. No reference: the record outlives what it speaks of.
  project_id    text collate "C" not null,
  account_id    text not null,
  account_name  text not null,
  method        text not null,
  operation     text not null,
  -- The path of the call.
  target        text not null,
  status        integer not null,
  -- Null for a call that was not refused.
  error_code    text,
  request_id    text not null,
  address       text not null
);
-- Serves selectAudit.
create index audit_by_project on audit (project_id, at desc, id desc);
-- Serves deleteOldAudit.
create index audit_at on audit (at);
