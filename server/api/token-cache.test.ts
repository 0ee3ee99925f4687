import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Token } from '../store/tokens.ts'
import { TokenCache } from './token-cache.ts'

const token: Token = {
  account: { id: 'a1', name: 'admin', domain: { id: 'd1', name: 'sightline' } },
  ...{ roles: ['admin'], policies: [], isDeploymentAdmin: true, methods: ['password'], issuedAtMs: 0, expiresAtMs: 9 },
}

function aCache() {
  const clock = { ms: 0 }
  const asked: string[] = []
  const cache = new TokenCache(() => clock.ms)
  const get = (text: string, found: Token | undefined = token) =>
    cache.get(text, async () => {
      asked.push(text)
      return found
    })
  return { clock, asked, cache, get }
}

test('a token is looked up once a second', async () => {
  const { clock, asked, get } = aCache()
  for (const ms of [0, 500, 999, 1_000]) {
    clock.ms = ms
    assert.equal(await get('t1'), token)
  }
  assert.deepEqual(asked, ['t1', 't1'])
})

test('what is unknown is looked up each time', async () => {
  const { asked, get } = aCache()
  const unknown = () => aCache().cache.get('t1', async () => undefined)
  assert.deepEqual([await unknown(), await unknown()], [undefined, undefined])
  await get('t1')
  assert.deepEqual(asked, ['t1'])
})

test('nothing is known any more after a change, not even what was being looked up', async () => {
  const { asked, cache, get } = aCache()
  const lookingUp = cache.get('t1', async () => {
    cache.clear()
    return token
  })
  assert.equal(await lookingUp, token)
  await get('t1')
  cache.clear()
  await get('t1')
  assert.deepEqual(asked, ['t1', 't1'])
})
