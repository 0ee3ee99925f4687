// Kills a process that stores results, again and again: what it was told is stored is there, each number once.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { aDirectory } from './test-results.ts'

const rounds = 24
const appender = `
  import { writeSync } from 'node:fs'
  const { Spool } = await import(process.argv[1])
  const { aResult, spoolOptions } = await import(process.argv[2])
  const spool = new Spool(spoolOptions(process.argv[3]))
  for (const taskId of ['t1', 't2', 't3']) {
    const next = () => {
      const picture = Math.random() < 0.5 ? new Uint8Array(20_000) : undefined
      spool.append(aResult({ taskId, outputs: [{ kind: 'webhook', picture }] })).then((sequence) => {
        writeSync(1, taskId + ' ' + sequence + '\\n')
        next()
      })
    }
    for (let index = 0; index < 8; index++) next()
  }`

async function appendUntilKilled(directory: string, afterMs: number): Promise<string[]> {
  const scripts = ['./spool.ts', './test-results.ts'].map((path) => new URL(path, import.meta.url).href)
  const child = spawn(process.execPath, ['--input-type=module', '-e', appender, ...scripts, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (out === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
    out += text
  })
  await once(child, 'close')
  return out.split('\n').slice(0, -1)
}

test('a result that was acknowledged outlives SIGKILL, under a number of its own', async () => {
  using directory = aDirectory()
  const acknowledged: string[] = []
  for (let round = 0; round < rounds; round++) {
    acknowledged.push(...(await appendUntilKilled(directory.path, Math.random() * 60)))
  }
  using db = new DatabaseSync(join(directory.path, 'spool.db'))
  assert.equal(db.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
  const rows = db.prepare('select task_id, sequence from message order by task_id, sequence').all()
  const stored = new Set(rows.map((row) => `${row.task_id} ${row.sequence}`))
  assert.deepEqual(
    acknowledged.filter((line) => !stored.has(line)),
    [],
  )
  assert.equal(new Set(acknowledged).size, acknowledged.length)
  assert.equal(stored.size, rows.length)
  assert.ok(acknowledged.length > rounds * 10, `only ${acknowledged.length} results were stored`)
  for (const taskId of ['t1', 't2', 't3']) {
    const numbers = rows.filter((row) => row.task_id === taskId).map((row) => row.sequence)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    )
  }
})
