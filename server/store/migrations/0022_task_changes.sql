-- 0022_task_changes.sql: updates of tasks, who asked for what, and changes as a feed.

-- Grows with every update; what If-Match compares.
alter table task add column revision integer not null default 1 check (revision > 0);
-- Runs up to this generation carry an earlier spec and are replaced. 0 when none does.
alter table task add column outdated_generation integer not null default 0 check (outdated_generation >= 0);
-- Name of whoever asked for `desired`. Null until somebody did after the creation.
alter table task add column wished_by text;

-- Null in rows of before these columns were there.
alter table task_history add column project_id text collate "C";
alter table task_history add column service_id text collate "C";
-- Name of whoever asked for the change. Null for what came by itself.
alter table task_history add column actor text;
-- Rows become visible in the order of commits. Below the oldest transaction under way none appears any more, so that a
-- reader of the feed who goes by this number misses none.
alter table task_history add column written xid8 not null default pg_current_xact_id();
-- Serves selectChanges.
create index task_history_by_service on task_history (project_id, service_id, written, task_id, seq);
