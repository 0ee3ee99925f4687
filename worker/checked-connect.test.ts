import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { request } from 'undici'
import { AddressRefusedError, checkedAddresses, checkedAgent, probeAddress } from './checked-connect.ts'

const lan: AddressPolicy = { preset: 'lan', allow: [], deny: [], own: [] }
const withLoopback: AddressPolicy = { ...lan, allow: ['127.0.0.1/32'] }

async function startReceiver() {
  const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const reasonOf = (error: unknown) => {
  const found = error instanceof AddressRefusedError ? error : (error as Error).cause
  return found instanceof AddressRefusedError ? found.reason : String(error)
}

test('an allowed literal stands for itself', async () => {
  assert.deepEqual(await checkedAddresses('10.0.0.1', 80, lan), [{ address: '10.0.0.1', family: 4 }])
})

test('a name is judged by what it resolves to', async () => {
  assert.deepEqual(await checkedAddresses('localhost', 80, withLoopback), [{ address: '127.0.0.1', family: 4 }])
  await assert.rejects(checkedAddresses('localhost', 80, lan), (error) => reasonOf(error) === 'loopback')
})

test('a request through a checked agent reaches only what the policy allows', async () => {
  await using receiver = await startReceiver()
  const url = `http://127.0.0.1:${receiver.port}/`
  await using agent = disposable(checkedAgent(withLoopback))
  assert.equal((await request(url, { dispatcher: agent.agent })).statusCode, 200)
  await using strict = disposable(checkedAgent(lan))
  await assert.rejects(request(url, { dispatcher: strict.agent }), (error) => reasonOf(error) === 'loopback')
})

const disposable = (agent: ReturnType<typeof checkedAgent>) => ({
  agent,
  [Symbol.asyncDispose]: () => agent.destroy(),
})

test('a probe says whether somebody listens', async () => {
  const receiver = await startReceiver()
  const url = new URL(`http://localhost:${receiver.port}/`)
  const signal = AbortSignal.timeout(5000)
  await probeAddress(url, withLoopback, signal)
  await assert.rejects(probeAddress(url, lan, signal), (error) => reasonOf(error) === 'loopback')
  await receiver[Symbol.asyncDispose]()
  await assert.rejects(probeAddress(url, withLoopback, signal), (error) => String(error).includes('ECONNREFUSED'))
})
