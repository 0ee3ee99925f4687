// What a schema cannot say of an input. Source: tasks API page, sections 3.2 and 10; inputs and outputs, part 1.
import { judgeAddress } from '@sightline/address/judge.ts'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { TaskInput } from '@sightline/contract/task.ts'
import { checkHeaders } from './check-headers.ts'
import { defaultPorts, hostAndPortOf, isLive, schemeOf } from './media-address.ts'
import { firstRefusal, firstRefusalOf, isRequired, type Refusal, shouldBeOneOf } from './refusal.ts'

export type InputRules = { addressPolicy: AddressPolicy; mayReadFiles: boolean }

/** The first fault of an input. */
export function checkInput(input: TaskInput, rules: InputRules): Refusal | undefined {
  if (input.type === 'url') return firstRefusalOf(input.data, ({ url }, at) => checkMediaUrl(fieldOf(at), url, rules))
  if (input.type === 'restful') {
    return firstRefusalOf(input.data, ({ url, headers }, at) =>
      firstRefusal(
        () => checkUrl(fieldOf(at), url, ['http', 'https'], rules.addressPolicy),
        () => checkHeaders(`input.data[${at}].headers`, headers ?? {}, []),
      ),
    )
  }
  if (input.type === 'edgecamera') {
    return firstRefusalOf(input.data, ({ camera_type, tag }, at) =>
      camera_type === 'ipc' && !tag ? isRequired(`input.data[${at}].tag`) : undefined,
    )
  }
  if (input.type === 'vcn') return checkAddress('input.vcn.ip', input.vcn.ip, input.vcn.port, rules.addressPolicy)
  return undefined
}

const fieldOf = (at: number) => `input.data[${at}].url`

function checkMediaUrl(field: string, url: string, { addressPolicy, mayReadFiles }: InputRules): Refusal | undefined {
  if (mayReadFiles && schemeOf(url) === 'file') return undefined
  return checkUrl(field, url, Object.keys(defaultPorts), addressPolicy)
}

/** The first fault of an address: its scheme, or a literal host that the policy refuses. Names are judged at connect. */
export function checkUrl(
  field: string,
  url: string,
  schemes: readonly string[],
  policy: AddressPolicy,
): Refusal | undefined {
  if (!schemes.includes(schemeOf(url) ?? '')) {
    return shouldBeOneOf(
      field,
      schemes.map((scheme) => `${scheme}://`),
    )
  }
  const target = hostAndPortOf(url)
  return target ? checkAddress(field, target.host, target.port, policy) : addressNotAllowed(field)
}

function checkAddress(field: string, host: string, port: number, policy: AddressPolicy): Refusal | undefined {
  return judgeAddress(host, port, policy).verdict === 'refused' ? addressNotAllowed(field) : undefined
}

const addressNotAllowed = (field: string): Refusal => ({ error: 'address_not_allowed', params: { field } })

/** The first reason why an input cannot have a schedule: objects never, addresses only when they name a live stream. */
export function checkScheduledInput(input: TaskInput, isStrict: boolean): Refusal | undefined {
  if (input.type === 'obs') return scheduleNotFor('inputs of type [obs]')
  if (input.type !== 'url') return undefined
  return firstRefusalOf(input.data, ({ url }) => {
    const scheme = schemeOf(url)
    const isWeb = scheme === 'http' || scheme === 'https'
    return isLive(url) && !(isStrict && isWeb) ? undefined : scheduleNotFor(`${scheme} addresses of this kind`)
  })
}

function scheduleNotFor(what: string): Refusal {
  return { error: 'invalid_argument', params: { detail: `The field [schedule] cannot be used with ${what}.` } }
}

/** Whether an input ends by itself. */
export function isFiniteInput(input: TaskInput): boolean {
  if (input.type === 'obs') return true
  return input.type === 'url' && !input.data.every(({ url }) => isLive(url))
}
