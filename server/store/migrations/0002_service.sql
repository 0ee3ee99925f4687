-- 0002_service.sql: algorithms offered under an id; a task belongs to one service.
create table service (
  project_id    text collate "C" not null references project (id),
  id            text collate "C" not null check (id ~ '^[0-9a-zA-Z_-]{1,64}$'),
  service_name  text collate "C" not null,
  description   text not null default '',
  -- A name of the contract's algorithm table.
  algorithm     text not null,
  version       text not null,
  task_profile  text not null check (task_profile in ('ief', 'edge')),
  infer_type    text not null,
  status        text not null check (status in ('running', 'deploying', 'concerning', 'failed', 'stopped', 'finished',
                                                'stopping', 'deleting', 'pending', 'waiting')),
  owner         text not null,
  workspace_id  text not null default '0',
  -- What the deploy call sent and nothing here understands: echoed.
  config        json not null default '[]',
  additional_properties json,
  created_at    timestamptz not null,
  transition_at timestamptz not null,
  primary key (project_id, id),
  unique (project_id, service_name)
);
