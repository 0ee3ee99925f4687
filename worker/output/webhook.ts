// Posts messages to a task's webhook. Source: API reference, TaskOutputWebhook; inputs and outputs, 2.1.
import { createHash } from 'node:crypto'
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { TaskError } from '@sightline/contract/task.ts'
import { TaskOutputWebhook } from '@sightline/contract/task.ts'
import { type Agent, request } from 'undici'
import { AddressRefusedError, checkedAgent, probeAddress } from '../checked-connect.ts'
import type { Message } from '../spool/messages.ts'
import type { OutputConfig } from '../spool/spool.ts'
import type { Attempt, Output } from './output.ts'
import { signatureOf } from './signature.ts'
import { readRetryAfterMs } from './timetable.ts'

const timeOutMs = 10_000
// Enough for any receiver's 'success'; what is longer closes the connection.
const answerMaxBytes = 64 * 1024
const forbidden = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'trailer',
  'upgrade',
  'keep-alive',
  'expect',
  'te',
]
const ours = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-task-id', 'x-event-type']

const settingsOf = (config: OutputConfig) => TaskOutputWebhook.parse(config.settings)

/** The message as JSON, its picture spliced in, in the order of the documented envelope. */
export function bodyOf(message: Pick<Message, 'head' | 'data' | 'picture'>): Buffer {
  const picture = message.picture ? `,"image_base64":"${Buffer.from(message.picture).toString('base64')}"` : ''
  return Buffer.from(`${message.head.slice(0, -1)}${picture},"data":${message.data}}`)
}

/** The headers of the task, less those that are not its to set, over what it left out, then ours. */
export function headersOf(message: Message, config: OutputConfig, body: Buffer, nowMs: number): Record<string, string> {
  const { url, headers = {} } = settingsOf(config)
  const own = Object.entries(headers).filter(([name]) => ![...forbidden, ...ours].includes(name.toLowerCase()))
  const ownNames = own.map(([name]) => name.toLowerCase())
  const leftOut = defaultsFor(new URL(url)).filter(([name]) => !ownNames.includes(name.toLowerCase()))
  const atSeconds = Math.floor(nowMs / 1000)
  const { signingSecrets: secrets } = config
  return {
    ...Object.fromEntries([...leftOut, ...own]),
    'webhook-id': message.messageId,
    'webhook-timestamp': String(atSeconds),
    ...(secrets.length > 0 ? { 'webhook-signature': signatureOf(secrets, message.messageId, atSeconds, body) } : {}),
    'X-Task-Id': message.taskId,
    'X-Event-Type': String(message.eventType),
  }
}

function defaultsFor({ username, password }: URL): [name: string, value: string][] {
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return [
    ['Content-Type', 'application/json'],
    ['User-Agent', 'Sightline'],
    ...(username === ''
      ? []
      : [['Authorization', `Basic ${Buffer.from(user).toString('base64')}`] as [string, string]]),
  ]
}

/** What `task.error` says of a connection that failed; names the host, never the path, which may hold a secret. */
function errorOf(cause: unknown, url: URL): TaskError {
  const refusal = [cause, cause instanceof Error ? cause.cause : undefined].find(
    (error) => error instanceof AddressRefusedError,
  )
  if (refusal)
    return { code: taskErrorCodes.webhookAddress, message: `The webhook's address is not allowed: ${url.host}.` }
  return {
    code: taskErrorCodes.webhookUnreachable,
    message: `The webhook at ${url.host} is unreachable: ${wordsFor(cause)}.`,
  }
}

function wordsFor(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown error'
  if (cause.name === 'TimeoutError' || cause.name === 'AbortError') return 'no answer in time'
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  return code ?? (cause.message || cause.name)
}

function judgeStatus(status: number, url: URL): Pick<Attempt, 'result' | 'error'> {
  if (status >= 200 && status < 300) return { result: 'delivered' }
  if (status === 410) {
    return {
      result: 'gone',
      error: { code: taskErrorCodes.webhookGone, message: `The webhook at ${url.host} is gone (410).` },
    }
  }
  const message = `The webhook at ${url.host} answered ${status}.`
  return { result: 'failed', error: { code: taskErrorCodes.webhookRefused, message } }
}

export function openWebhook({ clock }: { clock: { nowMs(): number } }): Output {
  const agents = new Map<string, Agent>()
  const agentFor = (policy: AddressPolicy) => {
    const key = JSON.stringify(policy)
    const agent = agents.get(key) ?? checkedAgent(policy)
    agents.set(key, agent)
    return agent
  }

  async function post(url: URL, message: Message, config: OutputConfig, body: Buffer, signal: AbortSignal) {
    const response = await request(url, {
      method: 'POST',
      headers: headersOf(message, config, body, clock.nowMs()),
      body,
      dispatcher: agentFor(config.addressPolicy),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeOutMs)]),
    })
    // The answer is decided by its status; reading the rest only frees the connection for the next message.
    response.body.dump({ limit: answerMaxBytes }).catch(() => {})
    const retryAfterMs = readRetryAfterMs([response.headers['retry-after']].flat()[0], clock.nowMs())
    const { statusCode: status } = response
    return { status, ...judgeStatus(status, url), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }

  return {
    placeOf: (config) => new URL(settingsOf(config).url).host,
    async deliver(message, config, signal) {
      const url = new URL(settingsOf(config).url)
      const body = bodyOf(message)
      const sent = { bodyBytes: body.length, bodySha256: createHash('sha256').update(body).digest('hex') }
      try {
        return { ...(await post(url, message, config, body, signal)), ...sent }
      } catch (cause) {
        return { result: 'failed', error: errorOf(cause, url), ...sent }
      }
    },
    async probe(config, signal) {
      const url = new URL(settingsOf(config).url)
      try {
        await probeAddress(url, config.addressPolicy, AbortSignal.any([signal, AbortSignal.timeout(timeOutMs)]))
        return undefined
      } catch (cause) {
        return errorOf(cause, url)
      }
    },
    freshnessSeconds: (config) => settingsOf(config).freshness,
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
    },
  }
}
