-- 0023_service_events.sql: changes of a service's tasks by time.
-- Serves selectServiceEvents.
create index task_history_by_time on task_history (project_id, service_id, at);
