// Which lines carry which table of the schema, and why the others are left out. A test holds this against the schema.
import type { LineKind } from './lines.ts'

export const exportedTables: Record<string, LineKind> = {
  domain: 'project',
  project: 'project',
  role: 'role',
  account: 'user',
  account_role: 'user',
  access_key: 'key',
  service: 'service',
  task: 'task',
  task_history: 'history',
}

export const leftOutTables: Record<string, string> = {
  audit: 'says what was done to this deployment',
  data_key: 'what it seals is sealed anew where it is imported',
  deployment: 'says which master key a database has',
  idempotency_key: 'holds for a day',
  import_mark: 'is about an import into this database',
  join_token: 'holds for minutes',
  migration: 'is about this database',
  node: 'a worker joins where its server is; its credential is no use elsewhere',
  run: 'ends with the nodes: the reconciler looks for another one',
  sign_in_failure: 'holds for minutes',
  task_count: 'is derived from task',
  token: 'holds for a day, and is no use elsewhere',
}
