-- 0003_task.sql: what users want and where it stands.
create table task (
  id            text collate "C" primary key check (id ~ '^[0-9a-f]{32}$'),
  project_id    text collate "C" not null,
  service_id    text collate "C" not null,
  name          text collate "C" not null,
  description   text,
  creator       text not null,
  -- As sent, secrets masked; kept as text so that an answer is spliced, not built.
  input         json not null,
  output        json not null,
  config        json,
  schedule      json,
  labels        json,
  -- {"input": …, "output": …} with its secrets in clear, sealed with the deployment's key. Null when there are none.
  secrets       bytea,
  -- The input ends by itself: a file.
  is_finite     boolean not null default false,
  cores         real not null check (cores > 0),
  memory_mib    integer not null check (memory_mib > 0),
  -- Written by the API only, but for a run that ended by itself, which sets stop.
  desired       text not null check (desired in ('run', 'stop', 'delete')),
  -- Acts on the schedule's windows; null without a schedule.
  armed         boolean,
  hold          text not null default 'none' check (hold in ('none', 'quota', 'arrears', 'admin')),
  -- Written by the reconciler only.
  state         text not null check (state in ('PENDING', 'RECOVERING', 'STARTING', 'UPGRADING', 'CREATE_FAILED',
                  'START_FAILED', 'RUNNING', 'STOPPING', 'STOPPED', 'ABNORMAL', 'SUCCEEDED', 'FAILED', 'DELETING',
                  'FREEZING', 'FROZEN')),
  state_since   timestamptz not null,
  state_before_hold text,
  -- One English sentence, where it adds something to the state.
  status        text check (length(status) <= 4096),
  error_code    text,
  error_message text,
  generation    integer not null default 0 check (generation >= 0),
  attempt       integer not null default 0 check (attempt >= 0),
  -- No new run is ordered before this moment (back-off).
  not_before    timestamptz,
  -- The highest result sequence that any node has reported.
  last_sequence integer not null default 0,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  -- The next moment the reconciler looks at it; null when only a write or a report can change anything.
  due_at        timestamptz,
  foreign key (project_id, service_id) references service (project_id, id),
  check ((error_code is null) = (error_message is null)),
  check ((armed is null) = (schedule is null))
);
-- Serves claimDueTasks.
create index task_due on task (due_at) where due_at is not null;
-- Serves wakeWaitingTasks.
create index task_waiting on task (state_since) where state in ('PENDING', 'RECOVERING');
-- Serve selectTasks, one for each sort key.
create index task_by_created on task (project_id, service_id, created_at, id);
create index task_by_updated on task (project_id, service_id, updated_at, id);
create index task_by_name on task (project_id, service_id, name, id);
-- Serves selectTasks and countTasks by state.
create index task_by_state on task (project_id, service_id, state, created_at, id);

-- Every change of state, in order; outlives its task.
create table task_history (
  task_id     text collate "C" not null,
  seq         integer not null check (seq > 0),
  at          timestamptz not null,
  from_state  text,
  to_state    text not null,
  cause       text not null,
  node_id     text,
  generation  integer not null,
  primary key (task_id, seq)
);
