import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSecretBox, loadSecretKey, SecretKeyError } from './secrets.ts'

const box = createSecretBox(Buffer.alloc(32, 1))

test('what was sealed comes back, and never looks the same twice', () => {
  const sealed = [box.seal('hush ü', 't1'), box.seal('hush ü', 't1')] as const
  assert.notDeepEqual(sealed[0], sealed[1])
  assert.deepEqual(
    sealed.map((bytes) => box.open(bytes, 't1')),
    ['hush ü', 'hush ü'],
  )
  assert.equal(sealed[0].includes('hush'), false)
})

test('another key, another owner and a changed byte open nothing', () => {
  const sealed = box.seal('hush', 't1')
  const changed = Buffer.from(sealed)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  assert.throws(() => createSecretBox(Buffer.alloc(32, 2)).open(sealed, 't1'), SecretKeyError)
  assert.throws(() => box.open(sealed, 't2'), SecretKeyError)
  assert.throws(() => box.open(changed, 't1'), SecretKeyError)
  assert.throws(() => box.open(Buffer.of(1), 't1'), SecretKeyError)
})

test('the key of a data directory is made once, for its owner alone', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sightline-key-'))
  try {
    const first = await loadSecretKey(dataDir, undefined)
    assert.deepEqual(await loadSecretKey(dataDir, undefined), first)
    assert.equal((await stat(join(dataDir, 'secret.key'))).mode & 0o777, 0o600)
    assert.deepEqual(await loadSecretKey(dataDir, 'ab'.repeat(32)), Buffer.alloc(32, 0xab))
  } finally {
    await rm(dataDir, { recursive: true })
  }
})
