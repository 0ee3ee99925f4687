-- 0016_import_mark.sql: how far an import has come that is not finished.
create table import_mark (
  is_only   boolean primary key default true check (is_only),
  -- Lines from the first on whose content is stored, and the SHA-256 of their bytes.
  lines     integer not null,
  digest    bytea not null
);
