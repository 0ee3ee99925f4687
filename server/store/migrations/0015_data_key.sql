-- 0015_data_key.sql: the keys that seal secrets, themselves sealed with the deployment's key.
create table data_key (
  -- Stands in every value that it sealed. The highest one seals; the others open what is not sealed anew yet.
  id          integer primary key check (id > 0),
  wrapped     bytea not null,
  created_at  timestamptz not null
);
