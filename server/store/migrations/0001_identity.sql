-- 0001_identity.sql: who may do what: domains, projects, users, tokens.
-- What this deployment is: one row.
create table deployment (
  is_only     boolean primary key default true check (is_only),
  -- A known text, sealed with the deployment's key: a start with another key is refused.
  key_check   bytea not null,
  created_at  timestamptz not null
);

create table domain (
  id          text primary key,
  name        text collate "C" not null unique
);

create table project (
  id          text collate "C" primary key check (id ~ '^[0-9a-zA-Z-]{1,64}$'),
  domain_id   text not null references domain (id),
  name        text collate "C" not null,
  created_at  timestamptz not null,
  -- Newest first, each `whsec_` and base64, sealed with the deployment's key.
  signing_secrets bytea[] not null default '{}',
  unique (domain_id, name)
);

-- A person or program that signs in.
create table account (
  id            text primary key,
  domain_id     text not null references domain (id),
  name          text collate "C" not null,
  -- Argon2id in PHC string form.
  password_hash text not null,
  is_enabled    boolean not null default true,
  created_at    timestamptz not null,
  unique (domain_id, name)
);

create table account_role (
  account_id  text not null references account (id) on delete cascade,
  -- Null means every project of the deployment.
  project_id  text references project (id) on delete cascade,
  role        text not null check (role in ('admin', 'operator', 'viewer')),
  unique nulls not distinct (account_id, project_id, role)
);

create table token (
  -- SHA-256 of the token; the token itself is never stored.
  hash        bytea primary key,
  account_id  text not null references account (id) on delete cascade,
  -- Null for a token without a project, which opens nothing below /v1/{project_id}.
  project_id  text references project (id) on delete cascade,
  methods     text[] not null,
  issued_at   timestamptz not null,
  expires_at  timestamptz not null,
  revoked_at  timestamptz,
  check (expires_at > issued_at)
);
-- Serves deleteExpiredTokens.
create index token_expires_at on token (expires_at);

-- Failed sign-ins by user name and address, for the lock after five of them.
create table sign_in_failure (
  account_name text not null,
  address      text not null,
  failed_at    timestamptz not null
);
-- Serves countSignInFailures.
create index sign_in_failure_recent on sign_in_failure (account_name, address, failed_at);
