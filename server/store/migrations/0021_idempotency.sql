-- 0021_idempotency.sql: what create requests with an Idempotency-Key made, for a day.
create table idempotency_key (
  project_id  text collate "C" not null references project (id) on delete cascade,
  service_id  text collate "C" not null,
  key         text collate "C" not null check (length(key) between 1 and 255),
  -- SHA-256 of the body as received.
  body_hash   bytea not null,
  -- In order.
  task_ids    text[] not null,
  created_at  timestamptz not null,
  primary key (project_id, service_id, key)
);
-- Serves deleteOldIdempotencyKeys.
create index idempotency_key_created_at on idempotency_key (created_at);
