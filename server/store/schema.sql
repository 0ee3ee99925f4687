-- The schema after all migrations. Written by `npm run schema`; a test compares it with the database.

create table access_key (
  access text collate "C" not null,
  account_id text not null,
  secret bytea not null,
  description text not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (access),
  FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE
);
CREATE INDEX access_key_by_account ON public.access_key USING btree (account_id);

create table account (
  id text not null,
  domain_id text not null,
  name text collate "C" not null,
  password_hash text not null,
  is_enabled boolean not null default true,
  created_at timestamp with time zone not null,
  UNIQUE (domain_id, name),
  PRIMARY KEY (id),
  FOREIGN KEY (domain_id) REFERENCES domain(id)
);

create table account_role (
  account_id text not null,
  project_id text,
  role text not null,
  labels text,
  UNIQUE NULLS NOT DISTINCT (account_id, project_id, role),
  FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CHECK ((role ~ '^[a-z][a-z0-9_-]{0,63}$'::text))
);

create table audit (
  id bigint not null,
  at timestamp with time zone not null,
  project_id text collate "C" not null,
  account_id text not null,
  account_name text not null,
  method text not null,
  operation text not null,
  target text not null,
  status integer not null,
  error_code text,
  request_id text not null,
  address text not null,
  PRIMARY KEY (id)
);
CREATE INDEX audit_at ON public.audit USING btree (at);
CREATE INDEX audit_by_project ON public.audit USING btree (project_id, at DESC, id DESC);

create table data_key (
  id integer not null,
  wrapped bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (id),
  CHECK ((id > 0))
);

create table deployment (
  is_only boolean not null default true,
  key_check bytea not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (is_only),
  CHECK (is_only)
);

create table domain (
  id text not null,
  name text collate "C" not null,
  UNIQUE (name),
  PRIMARY KEY (id)
);

create table idempotency_key (
  project_id text collate "C" not null,
  service_id text collate "C" not null,
  key text collate "C" not null,
  body_hash bytea not null,
  task_ids text[] not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (project_id, service_id, key),
  FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CHECK (((length(key) >= 1) AND (length(key) <= 255)))
);
CREATE INDEX idempotency_key_created_at ON public.idempotency_key USING btree (created_at);

create table import_mark (
  is_only boolean not null default true,
  lines integer not null,
  digest bytea not null,
  PRIMARY KEY (is_only),
  CHECK (is_only)
);

create table join_token (
  hash bytea not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  PRIMARY KEY (hash)
);

create table migration (
  number integer not null,
  name text not null,
  is_breaking boolean not null,
  applied_at timestamp with time zone not null,
  PRIMARY KEY (number)
);

create table node (
  id text collate "C" not null,
  name text not null,
  credential_hash bytea not null,
  epoch integer not null default 1,
  lease_until timestamp with time zone,
  is_cordoned boolean not null default false,
  cores real not null,
  memory_mib integer not null,
  inputs text[] not null,
  outputs text[] not null,
  algorithms text[] not null,
  labels json not null default '{}'::json,
  version text not null,
  registered_at timestamp with time zone not null,
  assignments_version integer not null default 0,
  UNIQUE (credential_hash),
  PRIMARY KEY (id),
  CHECK ((epoch > 0))
);
CREATE INDEX node_lease_until ON public.node USING btree (lease_until);

create table project (
  id text collate "C" not null,
  domain_id text not null,
  name text collate "C" not null,
  created_at timestamp with time zone not null,
  signing_secrets bytea[] not null default '{}'::bytea[],
  UNIQUE (domain_id, name),
  PRIMARY KEY (id),
  FOREIGN KEY (domain_id) REFERENCES domain(id),
  CHECK ((id ~ '^[0-9a-zA-Z-]{1,64}$'::text))
);

create table role (
  project_id text collate "C" not null,
  name text collate "C" not null,
  description text not null,
  policy text not null,
  created_at timestamp with time zone not null,
  PRIMARY KEY (project_id, name),
  FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CHECK ((name ~ '^[a-z][a-z0-9_-]{0,63}$'::text))
);

create table run (
  task_id text collate "C" not null,
  generation integer not null,
  node_id text collate "C" not null,
  epoch integer not null,
  ordered_at timestamp with time zone not null,
  stop_asked_at timestamp with time zone,
  ended_at timestamp with time zone,
  report_seq integer not null default 0,
  phase text,
  phase_since timestamp with time zone,
  is_permanent boolean not null default false,
  error_code text,
  error_message text,
  detail text,
  counters json,
  PRIMARY KEY (task_id, generation),
  FOREIGN KEY (node_id) REFERENCES node(id),
  FOREIGN KEY (task_id) REFERENCES task(id) ON DELETE CASCADE,
  CHECK ((epoch > 0)),
  CHECK ((generation > 0)),
  CHECK ((phase = ANY (ARRAY['opening'::text, 'running'::text, 'abnormal'::text, 'ended'::text, 'failed'::text, 'released'::text])))
);
CREATE INDEX run_live_by_node ON public.run USING btree (node_id) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX run_live_once ON public.run USING btree (task_id) WHERE (ended_at IS NULL);

create table service (
  project_id text collate "C" not null,
  id text collate "C" not null,
  service_name text collate "C" not null,
  description text not null default ''::text,
  algorithm text not null,
  version text not null,
  task_profile text not null,
  infer_type text not null,
  status text not null,
  owner text not null,
  workspace_id text not null default '0'::text,
  config json not null default '[]'::json,
  additional_properties json,
  created_at timestamp with time zone not null,
  transition_at timestamp with time zone not null,
  UNIQUE (project_id, service_name),
  PRIMARY KEY (project_id, id),
  FOREIGN KEY (project_id) REFERENCES project(id),
  CHECK ((id ~ '^[0-9a-zA-Z_-]{1,64}$'::text)),
  CHECK ((status = ANY (ARRAY['running'::text, 'deploying'::text, 'concerning'::text, 'failed'::text, 'stopped'::text, 'finished'::text, 'stopping'::text, 'deleting'::text, 'pending'::text, 'waiting'::text]))),
  CHECK ((task_profile = ANY (ARRAY['ief'::text, 'edge'::text])))
);

create table sign_in_failure (
  account_name text not null,
  address text not null,
  failed_at timestamp with time zone not null
);
CREATE INDEX sign_in_failure_recent ON public.sign_in_failure USING btree (account_name, address, failed_at);

create table task (
  id text collate "C" not null,
  project_id text collate "C" not null,
  service_id text collate "C" not null,
  name text collate "C" not null,
  description text,
  creator text not null,
  input json not null,
  output json not null,
  config json,
  schedule json,
  labels json,
  secrets bytea,
  is_finite boolean not null default false,
  cores real not null,
  memory_mib integer not null,
  desired text not null,
  armed boolean,
  hold text not null default 'none'::text,
  state text not null,
  state_since timestamp with time zone not null,
  state_before_hold text,
  status text,
  error_code text,
  error_message text,
  generation integer not null default 0,
  attempt integer not null default 0,
  not_before timestamp with time zone,
  last_sequence integer not null default 0,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  due_at timestamp with time zone,
  shown_state text not null default 
CASE
    WHEN (desired = 'delete'::text) THEN 'DELETING'::text
    ELSE state
END,
  revision integer not null default 1,
  outdated_generation integer not null default 0,
  wished_by text,
  PRIMARY KEY (id),
  FOREIGN KEY (project_id, service_id) REFERENCES service(project_id, id),
  CHECK ((attempt >= 0)),
  CHECK (((error_code IS NULL) = (error_message IS NULL))),
  CHECK (((armed IS NULL) = (schedule IS NULL))),
  CHECK ((cores > (0)::double precision)),
  CHECK ((desired = ANY (ARRAY['run'::text, 'stop'::text, 'delete'::text]))),
  CHECK ((generation >= 0)),
  CHECK ((hold = ANY (ARRAY['none'::text, 'quota'::text, 'arrears'::text, 'admin'::text]))),
  CHECK ((id ~ '^[0-9a-f]{32}$'::text)),
  CHECK ((memory_mib > 0)),
  CHECK ((outdated_generation >= 0)),
  CHECK ((revision > 0)),
  CHECK ((state = ANY (ARRAY['PENDING'::text, 'RECOVERING'::text, 'STARTING'::text, 'UPGRADING'::text, 'CREATE_FAILED'::text, 'START_FAILED'::text, 'RUNNING'::text, 'STOPPING'::text, 'STOPPED'::text, 'ABNORMAL'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'DELETING'::text, 'FREEZING'::text, 'FROZEN'::text]))),
  CHECK ((length(status) <= 4096))
);
CREATE INDEX task_by_created ON public.task USING btree (project_id, service_id, created_at DESC, id);
CREATE INDEX task_by_label ON public.task USING gin (((labels)::jsonb) jsonb_path_ops) WHERE (labels IS NOT NULL);
CREATE INDEX task_by_name ON public.task USING btree (project_id, service_id, name, id);
CREATE INDEX task_by_name_part ON public.task USING gin (service_id, name gin_trgm_ops);
CREATE INDEX task_by_state ON public.task USING btree (project_id, service_id, shown_state, created_at DESC, id);
CREATE INDEX task_by_updated ON public.task USING btree (project_id, service_id, updated_at DESC, id);
CREATE INDEX task_due ON public.task USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX task_waiting ON public.task USING btree (state_since) WHERE (state = ANY (ARRAY['PENDING'::text, 'RECOVERING'::text]));

create table task_count (
  project_id text collate "C" not null,
  service_id text collate "C" not null,
  change integer not null,
  state text collate "C" not null
);
CREATE INDEX task_count_by_state ON public.task_count USING btree (project_id, service_id, state) INCLUDE (change);

create table task_history (
  task_id text collate "C" not null,
  seq integer not null,
  at timestamp with time zone not null,
  from_state text,
  to_state text not null,
  cause text not null,
  node_id text,
  generation integer not null,
  project_id text collate "C",
  service_id text collate "C",
  actor text,
  written xid8 not null default pg_current_xact_id(),
  PRIMARY KEY (task_id, seq),
  CHECK ((seq > 0))
);
CREATE INDEX task_history_by_service ON public.task_history USING btree (project_id, service_id, written, task_id, seq);
CREATE INDEX task_history_by_time ON public.task_history USING btree (project_id, service_id, at);

create table token (
  hash bytea not null,
  account_id text not null,
  project_id text,
  methods text[] not null,
  issued_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  PRIMARY KEY (hash),
  FOREIGN KEY (account_id) REFERENCES account(id) ON DELETE CASCADE,
  FOREIGN KEY (project_id) REFERENCES project(id) ON DELETE CASCADE,
  CHECK ((expires_at > issued_at))
);
CREATE INDEX token_expires_at ON public.token USING btree (expires_at);
