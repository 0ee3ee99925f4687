// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code under test holds templates.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findCycles, findFaults } from './rules.ts'

const packages = {
  root: { devDependencies: { 'fast-check': '1.0.0' } },
  rooms: {
    contract: { dependencies: { zod: '1.0.0' } },
    server: { dependencies: { pg: '1.0.0' } },
    worker: { dependencies: { 'node-av': '1.0.0' } },
    camera: { dependencies: { 'node-av': '1.0.0' } },
  },
}

const faultsOf = (path: string, text: string) => findFaults([{ path, text }], packages).map((fault) => fault.text)

describe('allowed', () => {
  for (const [path, text] of [
    ['server/main.ts', "import { plan } from '@sightline/task/plan.ts'"],
    [
      'server/store/tasks.ts',
      "import pg from 'pg'\nimport { readFile } from 'node:fs/promises'\npool.query('select 1')",
    ],
    ['worker/source/url.ts', "import { judge } from '@sightline/address/judge.ts'"],
    ['task/plan.ts', "import type { TaskState } from '@sightline/contract/states.ts'"],
    ['task/plan.test.ts', "import test from 'node:test'\nimport fc from 'fast-check'\nconst a = Date.now()"],
    ['cli/task.ts', "import { createClient } from '@sightline/client'\nconst a = Date.now()"],
    ['worker/decode/ffmpeg.ts', "import { Packet } from 'node-av'"],
    ['camera/main.ts', "import { Encoder } from 'node-av'\nconst a = Date.now()"],
    ['test/world.ts', "import { serve } from '@sightline/server/serve.ts'\nconst a = Date.now()"],
    ['server/serve.ts', 'const a = Date.now()'],
    ['scripts/x.ts', "import { states } from '../task/lifecycle.ts'"],
    ['server/x.test.ts', "import cases from '../test/fixtures/cases.json' with { type: 'json' }"],
    ['task/x.test.ts', "import { draw } from '../scripts/x.ts'"],
    ['server/store/tasks.ts', '// Date.now() is not called here\nconst a = new Date(atMs)'],
    ['task/plan.ts', "const a = 'Math.random()'"],
    ['server/long.ts', `// Long because it is one table.\n${'\n'.repeat(500)}`],
  ] as const) {
    test(`${path}: ${text.slice(0, 60).split('\n')[0]}`, () => assert.deepEqual(faultsOf(path, text), []))
  }
})

const clock = 'the clock is read in main files only; take nowMs or a clock as a parameter'

describe('refused', () => {
  for (const [path, text, expected] of [
    ['worker/x.ts', "import { plan } from '@sightline/task/plan.ts'", 'worker may not import task'],
    ['worker/x.ts', "import type { A } from '@sightline/server/a.ts'", 'worker may not import server'],
    ['contract/x.ts', "import { plan } from '@sightline/task/plan.ts'", 'contract may not import task'],
    ['cli/x.ts', "import { a } from '@sightline/camera/a.ts'", 'cli may not import camera'],
    ['server/x.ts', "import { a } from '../task/a.ts'", 'reaches into task by a relative path; say @sightline/task'],
    [
      'task/x.ts',
      "import { draw } from '../scripts/x.ts'",
      'reaches into scripts by a relative path; say @sightline/scripts',
    ],
    ['task/x.ts', "import { hash } from 'node:crypto'", 'task may not import node:crypto'],
    ['contract/x.ts', "import { hash } from 'node:crypto'", 'contract may not import node:crypto'],
    ['client/x.ts', "import { hash } from 'node:crypto'", 'client may not import node:crypto'],
    ['task/x.ts', "import fc from 'fast-check'", 'fast-check is not a dependency of task'],
    ['server/x.ts', "import { z } from 'zod'", 'zod is not a dependency of server'],
    ['worker/source/x.ts', "import { Packet } from 'node-av'", 'node-av is named in worker/decode and camera only'],
    ['server/api/x.ts', 'const a = Date.now()', `names Date.now: ${clock}`],
    ['worker/x.ts', 'const a = new Date()', `names new Date(): ${clock}`],
    ['worker/x.ts', 'const a = `${Temporal.Now.instant()}`', `names Temporal.Now: ${clock}`],
    [
      'task/x.ts',
      'const a = Math.random()',
      'names Math.random: task decides from its arguments alone: no chance and no timer',
    ],
    ['client/x.ts', 'const a = Buffer.from(b)', 'names Buffer: the client runs in a browser too: nothing of Node'],
    ['server/api/x.ts', 'await db.query<Row>(a)', 'names .query<: SQL lives in server/store'],
    ['server/x.ts', '\n'.repeat(401), '401 lines; over 400 its first comment says "Long because …"'],
  ] as const) {
    test(`${path}: ${text.trim().slice(0, 60)}`, () => assert.deepEqual(faultsOf(path, text), [expected]))
  }
})

test('a cycle is found once, type-only imports included', () => {
  const files = [
    { path: 'task/a.ts', text: "import type { B } from './b.ts'" },
    { path: 'task/b.ts', text: "export { c } from './c.ts'" },
    { path: 'task/c.ts', text: "import { a } from './a.ts'" },
    { path: 'task/d.ts', text: "import { a } from './a.ts'" },
  ]
  assert.deepEqual(findCycles(files), [['task/a.ts', 'task/b.ts', 'task/c.ts']])
})
