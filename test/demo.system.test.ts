import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'

const launcher = fileURLToPath(new URL('../sightline', import.meta.url))

test('the demo sees on the synthetic street what happens there, and says so', { timeout: 150_000 }, async () => {
  await using demo = startChild(launcher, ['demo', '--once'])
  const first = await demo.line((line) => /^first event \d+\.\d s$/.test(line), 90_000)
  const [, password = 'none'] = /password (\S+)/.exec(demo.lines().join('\n')) ?? []
  assert.deepEqual(
    commandLines().filter((line) => line.includes(password)),
    [],
  )
  const code = await demo.exited
  const last = demo.lines().at(-1) ?? ''
  const [, expected, matched] = /^events expected (\d+) matched (\d+)$/.exec(last) ?? []
  assert.deepEqual(
    { code, matched, isEnough: Number(expected) >= 10 },
    { code: 0, matched: expected, isEnough: true },
    `${first}\n${demo.lines().join('\n')}\n${demo.stderr()}`,
  )
})

/** What every user of this machine can read of every process. */
function commandLines(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return [readFileSync(`/proc/${name}/cmdline`, 'utf8')]
    } catch {
      // It ended between the listing and the look.
      return []
    }
  })
}
