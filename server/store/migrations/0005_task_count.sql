-- 0005_task_count.sql: how many tasks a service has, without counting them each time.

-- The sum of a service's rows is the number of its tasks. Writers only add rows, so none waits for another;
-- foldTaskCounts turns the rows of a service into one now and then.
create table task_count (
  project_id  text collate "C" not null,
  service_id  text collate "C" not null,
  change      integer not null
);
-- Serves countTasksOfService and countTasksOfProject.
create index task_count_by_service on task_count (project_id, service_id) include (change);

create function add_task_count() returns trigger language plpgsql as $$
begin
  insert into task_count (project_id, service_id, change)
  select project_id, service_id, case tg_op when 'INSERT' then count(*) else -count(*) end
    from changed
   group by project_id, service_id;
  return null;
end
$$;

create trigger task_inserted after insert on task
  referencing new table as changed for each statement execute function add_task_count();
create trigger task_deleted after delete on task
  referencing old table as changed for each statement execute function add_task_count();

-- Serves selectTasks and countTasks: a task counts as DELETING as soon as its deletion is asked for.
create index task_wished_delete on task (project_id, service_id) where desired = 'delete';
