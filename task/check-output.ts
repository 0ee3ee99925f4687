// What a schema cannot say of an output. Source: tasks API page, section 3.3; inputs and outputs, 2.1 and 2.4.
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { dataCategories } from '@sightline/contract/result.ts'
import { outputKinds } from '@sightline/contract/states.ts'
import type { TaskOutput } from '@sightline/contract/task.ts'
import { checkHeaders } from './check-headers.ts'
import { checkUrl } from './check-input.ts'
import { firstRefusal, firstRefusalOf, isRequired, type Refusal, shouldBeOneOf } from './refusal.ts'

/** Set by HTTP itself, or by the platform on each attempt. */
const forbiddenHeaders = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'trailer',
  'upgrade',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-task-id',
  'x-event-type',
]

/** The first fault of an output. */
export function checkOutput(
  output: TaskOutput,
  rules: { addressPolicy: AddressPolicy; isStrict: boolean },
): Refusal | undefined {
  if (!outputKinds.some((kind) => output[kind])) return isRequired('output')
  return firstRefusal(
    () => checkWebhook(output.webhook, rules),
    () => (rules.isStrict ? checkCategories(output) : undefined),
  )
}

function checkWebhook(
  webhook: TaskOutput['webhook'],
  { addressPolicy, isStrict }: { addressPolicy: AddressPolicy; isStrict: boolean },
): Refusal | undefined {
  if (!webhook) return undefined
  const field = 'output.webhook.headers'
  return firstRefusal(
    () => checkUrl('output.webhook.url', webhook.url, ['http', 'https'], addressPolicy),
    () => (isStrict && !hasHeaders(webhook) ? isRequired(field) : undefined),
    () => checkHeaders(field, webhook.headers ?? {}, forbiddenHeaders),
  )
}

const hasHeaders = (webhook: NonNullable<TaskOutput['webhook']>) => Object.keys(webhook.headers ?? {}).length > 0

function checkCategories(output: TaskOutput): Refusal | undefined {
  return firstRefusalOf(outputKinds, (kind) =>
    firstRefusalOf(output[kind]?.data_category ?? [], (category, at) =>
      dataCategories.some((known) => known === category)
        ? undefined
        : shouldBeOneOf(`output.${kind}.data_category[${at}]`, dataCategories),
    ),
  )
}

/** The output with what is understood when it is left out: a webhook without headers gets JSON's. */
export function completeOutput(output: TaskOutput): TaskOutput {
  if (!output.webhook || hasHeaders(output.webhook)) return output
  return { ...output, webhook: { ...output.webhook, headers: { 'Content-Type': 'application/json' } } }
}
