-- 0004_fleet.sql: nodes, their leases, and the runs they hold.
create table node (
  id            text collate "C" primary key,
  name          text not null,
  -- SHA-256 of the credential; the credential itself is never stored.
  credential_hash bytea not null unique,
  -- Grows each time the lease is lost; fences everything the node says.
  epoch         integer not null default 1 check (epoch > 0),
  -- Null when the lease was lost and not taken again.
  lease_until   timestamptz,
  is_cordoned   boolean not null default false,
  cores         real not null,
  memory_mib    integer not null,
  inputs        text[] not null,
  outputs       text[] not null,
  algorithms    text[] not null,
  labels        json not null default '{}',
  version       text not null,
  registered_at timestamptz not null,
  -- Grows whenever the set of its assignments changes; a long poll waits for it.
  assignments_version integer not null default 0
);
-- Serves expireLeases.
create index node_lease_until on node (lease_until);

create table join_token (
  -- SHA-256 of the token.
  hash        bytea primary key,
  expires_at  timestamptz not null,
  used_at     timestamptz
);

-- One execution of a task on one node.
create table run (
  task_id       text collate "C" not null references task (id) on delete cascade,
  -- The task's generation when this run was ordered. Reports carrying another one are ignored.
  generation    integer not null check (generation > 0),
  node_id       text collate "C" not null references node (id),
  -- The node's epoch when this run was ordered.
  epoch         integer not null check (epoch > 0),
  ordered_at    timestamptz not null,
  -- When the node was told to let go.
  stop_asked_at timestamptz,
  -- Null while the run is live.
  ended_at      timestamptz,
  -- The newest report; null until the node has said something.
  report_seq    integer not null default 0,
  phase         text check (phase in ('opening', 'running', 'abnormal', 'ended', 'failed', 'released')),
  phase_since   timestamptz,
  is_permanent  boolean not null default false,
  error_code    text,
  error_message text,
  detail        text,
  counters      json,
  primary key (task_id, generation)
);
-- A task never runs twice at once, whatever the code believes.
create unique index run_live_once on run (task_id) where ended_at is null;
-- Serves selectAssignments and the room of a node.
create index run_live_by_node on run (node_id) where ended_at is null;
