-- 0020_task_list.sql: what keeps the list of tasks fast at a million of them.

-- What clients see: a task counts as DELETING as soon as its deletion is asked for.
alter table task add column shown_state text not null
  generated always as (case when desired = 'delete' then 'DELETING' else state end) stored;

drop index task_by_created, task_by_updated, task_by_state, task_wished_delete;
-- Serve selectTaskPage, one for each sort key (task_by_name is of 0003). Newest first is the default order, and ties go
-- by id upwards, so that a page is read without sorting.
create index task_by_created on task (project_id, service_id, created_at desc, id);
create index task_by_updated on task (project_id, service_id, updated_at desc, id);
-- Serves selectTaskPage by state, and countMatchingTasks by state and time.
create index task_by_state on task (project_id, service_id, shown_state, created_at desc, id);
-- Serves selectTaskPage by label.
create index task_by_label on task using gin ((labels::jsonb) jsonb_path_ops) where labels is not null;

-- Counts read indexes only where the visibility map is fresh; the defaults wait for a fifth of the table.
alter table task set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
                      autovacuum_analyze_scale_factor = 0.02);

-- Serves selectTaskPage and countMatchingTasks by part of a name. Both extensions are trusted: whoever owns the database
-- may create them. Where that is not so, the search works without, in time proportional to the tasks of a service.
do $$
begin
  create extension if not exists pg_trgm;
  create extension if not exists btree_gin;
exception when insufficient_privilege or feature_not_supported or undefined_file then
  raise warning 'no extension pg_trgm or btree_gin: searching by part of a name reads every task of a service';
end
$$;
do $$
begin
  if (select count(*) from pg_extension where extname in ('pg_trgm', 'btree_gin')) = 2 then
    create index task_by_name_part on task using gin (service_id, name gin_trgm_ops);
  end if;
end
$$;

-- The sum of a service's rows of a state is the number of its tasks in that state. Writers only add rows, so none waits
-- for another; foldTaskCounts turns the rows of a state into one now and then.
drop trigger task_inserted on task;
drop trigger task_deleted on task;
drop function add_task_count();
drop index task_count_by_service;
delete from task_count;
alter table task_count add column state text collate "C" not null;
-- Serves countTasksOfService and countTasksOfProject.
create index task_count_by_state on task_count (project_id, service_id, state) include (change);

create function add_task_count() returns trigger language plpgsql as $$
begin
  insert into task_count (project_id, service_id, state, change)
  select project_id, service_id, shown_state, case tg_op when 'INSERT' then count(*) else -count(*) end
    from changed
   group by project_id, service_id, shown_state;
  return null;
end
$$;

-- An update that moves no task, as most do, adds nothing.
create function move_task_count() returns trigger language plpgsql as $$
begin
  insert into task_count (project_id, service_id, state, change)
  select project_id, service_id, shown_state, sum(change)
    from (select project_id, service_id, shown_state, -1 as change from before
          union all
          select project_id, service_id, shown_state, 1 from changed) as moved
   group by project_id, service_id, shown_state
  having sum(change) <> 0;
  return null;
end
$$;

create trigger task_inserted after insert on task
  referencing new table as changed for each statement execute function add_task_count();
create trigger task_updated after update on task
  referencing old table as before new table as changed for each statement execute function move_task_count();
create trigger task_deleted after delete on task
  referencing old table as changed for each statement execute function add_task_count();

insert into task_count (project_id, service_id, state, change)
select project_id, service_id, shown_state, count(*) from task group by project_id, service_id, shown_state;
