-- 0010_access_key.sql: pairs that sign requests.
create table access_key (
  access       text collate "C" primary key,
  account_id   text not null references account (id) on delete cascade,
  -- Sealed: a signature is checked with the secret itself.
  secret       bytea not null,
  description  text not null,
  created_at   timestamptz not null
);
-- Serves selectAccessKeys.
create index access_key_by_account on access_key (account_id);
