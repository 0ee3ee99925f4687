import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPart } from './platform.ts'

const commands: Record<string, [command: string, isPostmaster: boolean]> = {
  'the postmaster': ['/x/bin/postgres\0-D\0/data/postgres\0-c\0jit=off\0', true],
  'the shell that guards it': ['sh\0-c\0\nexec "$@"\0sh\x006\0/x/bin/postgres\0-D\0/data/postgres\0', false],
  'the shell in a namespace': ['unshare\0--user\0--\0sh\0-c\0\0sh\x006\0/x/bin/postgres\0-D\0/data\0', false],
  'one of its children': ['postgres: checkpointer \0', false],
}
for (const [name, [command, isPostmaster]] of Object.entries(commands)) {
  test(`${name} is ${isPostmaster ? '' : 'not '}taken for PostgreSQL`, () => {
    assert.equal(isPart.postgres(command), isPostmaster)
  })
}
