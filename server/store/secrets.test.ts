import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createSecretBox, type SealContext, SecretKeyError } from './secrets.ts'

const masterKey = Buffer.alloc(32, 7)
const keys = [
  { id: 1, key: Buffer.alloc(32, 1) },
  { id: 2, key: Buffer.alloc(32, 2) },
]
const box = createSecretBox(masterKey, keys)
const place: SealContext = { table: 'task', id: 't1', projectId: 'p1' }

test('what is sealed is not readable, names its key, and opens where it lies', () => {
  const sealed = box.seal('hush', place)
  assert.equal(sealed.includes('hush'), false)
  assert.deepEqual([...sealed.subarray(0, 5)], [2, 0, 0, 0, 2])
  assert.equal(box.open(sealed, place), 'hush')
})

for (const { name, elsewhere } of [
  { name: 'another row', elsewhere: { ...place, id: 't2' } },
  { name: 'another project', elsewhere: { ...place, projectId: 'p2' } },
  { name: 'another table', elsewhere: { ...place, table: 'project' } },
  { name: 'a row whose id holds the rest', elsewhere: { ...place, id: 't1","p1' } },
] satisfies { name: string; elsewhere: SealContext }[]) {
  test(`what is moved to ${name} does not open`, () => {
    assert.throws(() => box.open(box.seal('hush', place), elsewhere), SecretKeyError)
  })
}

test('an older key opens what it sealed, and a missing one does not', () => {
  const sealed = createSecretBox(masterKey, keys.slice(0, 1)).seal('hush', place)
  assert.equal(box.open(sealed, place), 'hush')
  assert.throws(() => createSecretBox(masterKey, keys.slice(1)).open(sealed, place), SecretKeyError)
})

test('no bit of what is sealed can be changed or cut off', () => {
  const sealed = box.seal('hush', place)
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.throws(() => box.open(changed, place), SecretKeyError, `byte ${at}`)
    assert.throws(() => box.open(sealed.subarray(0, at), place), SecretKeyError, `cut to ${at}`)
  }
})

test('what the master key sealed itself opens by the id alone', () => {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce).setAAD(Buffer.from('t1'))
  const body = Buffer.concat([cipher.update('hush'), cipher.final()])
  const sealed = Buffer.concat([Buffer.of(1), nonce, cipher.getAuthTag(), body])
  assert.equal(box.open(sealed, place), 'hush')
})
