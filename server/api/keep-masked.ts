// A secret that comes back as its mask keeps the stored value, as long as it still goes where it went. Source: tasks API
// page, section 6.
import { mask, secretNamePattern, type TaskInput, type TaskOutput } from '@sightline/contract/task.ts'
import { apiError } from './errors.ts'
import { maskUrl } from './mask.ts'

type Addressed = { url: string; headers?: Record<string, string> | undefined }

/** The input with every mask replaced by what is stored. Errors: `mask_not_kept`. */
export function keepMaskedInput(sent: TaskInput, stored: TaskInput): TaskInput {
  if (sent.type === 'vcn') return keepMaskedVcn(sent, stored)
  if (sent.type !== 'url' && sent.type !== 'restful') return sent
  const storedEntries = stored.type === sent.type ? stored.data : []
  const data = sent.data.map((entry, at) => keepMasked(entry, storedEntries[at], `input.data[${at}]`))
  // The entries stay of the type of the input, which a map over the union cannot say.
  return { ...sent, data } as TaskInput
}

/** The output with every mask replaced by what is stored. Errors: `mask_not_kept`. */
export function keepMaskedOutput(sent: TaskOutput, stored: TaskOutput): TaskOutput {
  return sent.webhook ? { ...sent, webhook: keepMasked(sent.webhook, stored.webhook, 'output.webhook') } : sent
}

type Vcn = Extract<TaskInput, { type: 'vcn' }>

function keepMaskedVcn(sent: Vcn, stored: TaskInput): Vcn {
  if (sent.vcn.password !== mask) return sent
  const isSame = stored.type === 'vcn' && stored.vcn.ip === sent.vcn.ip && stored.vcn.port === sent.vcn.port
  if (!isSame) throw apiError('mask_not_kept', { field: 'input.vcn.password' })
  return { ...sent, vcn: { ...sent.vcn, password: stored.vcn.password } }
}

function keepMasked<Sent extends Addressed>(sent: Sent, stored: Addressed | undefined, field: string): Sent {
  const url = keepMaskedUrl(sent.url, stored, `${field}.url`)
  if (!sent.headers) return { ...sent, url }
  const isSameUrl = stored !== undefined && maskUrl(url) === maskUrl(stored.url)
  const headers = Object.entries(sent.headers).map(([name, value]) => {
    if (value !== mask || !secretNamePattern.test(name)) return [name, value]
    const kept = isSameUrl ? headerOf(stored, name) : undefined
    if (kept === undefined) throw apiError('mask_not_kept', { field: `${field}.headers.${name}` })
    return [name, kept]
  })
  return { ...sent, url, headers: Object.fromEntries(headers) }
}

function headerOf({ headers }: Addressed, name: string): string | undefined {
  const found = Object.entries(headers ?? {}).find(([one]) => one.toLowerCase() === name.toLowerCase())
  return found?.[1]
}

/** A URL is one value: its masks are kept all together or not at all. */
function keepMaskedUrl(sent: string, stored: Addressed | undefined, field: string): string {
  if (stored && sent === maskUrl(stored.url)) return stored.url
  if (holdsMask(sent)) throw apiError('mask_not_kept', { field })
  return sent
}

function holdsMask(url: string): boolean {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:([^/?#@]*)@/i.exec(url)?.[1]
  if (password === mask) return true
  const pairs = [...url.matchAll(/[?&#;]([^=&#;?]+)=([^&#;]*)/g)]
  return pairs.some(([, name = '', value]) => value === mask && secretNamePattern.test(name))
}
