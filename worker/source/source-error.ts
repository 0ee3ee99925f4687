// How a source fails: FFmpeg's faults, and those of names, addresses and TLS, as codes of the contract.
import { type TaskErrorCode, taskErrorCodes } from '@sightline/contract/errors.ts'
import { secretNamePattern } from '@sightline/contract/task.ts'
import { AddressRefusedError } from '../checked-connect.ts'
import { MediaError, type MediaFault } from '../decode/ffmpeg.ts'

/** A source that cannot be opened or went away. The message names the address without its secrets. */
export class SourceError extends Error {
  override name = 'SourceError'
  readonly code: TaskErrorCode
  /** Another try is useless until somebody changes the task or the camera. */
  readonly isPermanent: boolean
  constructor(message: string, code: TaskErrorCode, options: { isPermanent: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = code
    this.isPermanent = options.isPermanent
  }
}

type Row = { code: TaskErrorCode; isPermanent: boolean; says: string }
const row = (code: keyof typeof taskErrorCodes, says: string): Row => ({
  code: taskErrorCodes[code],
  isPermanent: false,
  says,
})
const permanent = (code: keyof typeof taskErrorCodes, says: string): Row => ({ ...row(code, says), isPermanent: true })

export type SourceFault = Exclude<MediaFault, 'interrupted'> | 'unreachable' | 'tls' | 'address'

const rows = {
  unreachable: row('urlUnreachable', 'cannot be reached'),
  broken: row('urlUnreachable', 'was lost'),
  ended: row('urlUnreachable', 'ended, though it is live'),
  refused: row('urlRefused', 'refuses the connection'),
  serverRefused: row('urlRefused', 'answers with an error'),
  notFound: row('urlNotFound', 'does not exist there'),
  notMedia: row('urlNotMedia', 'holds no video that can be read'),
  changed: row('urlNotMedia', 'changed its picture size'),
  silent: row('urlSilent', 'is silent'),
  tls: row('urlTls', 'has no trusted TLS certificate'),
  credentials: permanent('urlCredentials', 'refuses the credentials'),
  codec: permanent('urlCodec', 'has a codec that is not supported'),
  address: permanent('urlAddress', 'is at an address that is not allowed'),
} satisfies Record<SourceFault, Row>

export function sourceError(fault: SourceFault, url: URL, cause?: unknown): SourceError {
  const { code, isPermanent, says } = rows[fault]
  return new SourceError(`${safeUrl(url)} ${says}`, code, { isPermanent, cause })
}

/** Names the fault of anything that opening or reading may throw. */
export function faultOf(error: unknown): SourceFault | 'interrupted' {
  if (error instanceof MediaError) return error.fault
  if (error instanceof AddressRefusedError) return 'address'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ABORT_ERR') return 'interrupted'
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ETIMEDOUT') return 'silent'
  if (/CERT|TLS|SSL|SELF_SIGNED|ALTNAME/.test(code)) return 'tls'
  return 'unreachable'
}

/** The address as people may read it: no user, no password, secret query values masked, no fragment. */
export function safeUrl(url: URL): string {
  const safe = new URL(url)
  safe.username = ''
  safe.password = ''
  safe.hash = ''
  for (const name of [...safe.searchParams.keys()]) {
    if (secretNamePattern.test(name)) safe.searchParams.set(name, '****')
  }
  return safe.href
}
