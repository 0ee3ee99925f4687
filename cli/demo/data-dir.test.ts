import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { makeDataDir } from './data-dir.ts'

test('a demo clears what a killed one left, and nothing else', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'sightline-test-'))
  try {
    const dead = `sightline-demo-${spawnSync('true').pid}-a`
    const others = [`sightline-demo-${process.ppid}-b`, 'sightline-demo-c', 'x']
    for (const name of [dead, ...others]) await mkdir(join(parent, name))
    await writeFile(join(parent, dead, 'file'), 'left')
    const made = basename(await makeDataDir(parent))
    assert.deepEqual((await readdir(parent)).sort(), [...others, made].sort())
  } finally {
    await rm(parent, { recursive: true })
  }
})
