// The secrets of an export: encrypted with a key made from a passphrase, each bound to its line.
import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { decrypt, encrypt, keyBytes } from '../store/secrets.ts'
import { TransferError } from './deployment.ts'
import { type FileSecrets, LineError } from './lines.ts'

/** Encrypts and opens what belongs to one line. */
export type LineSecrets = {
  seal(value: unknown, line: string): string
  /** Errors: `LineError` for another line or a changed text. */
  open(sealed: string, line: string): unknown
}

const derive: (
  passphrase: string,
  salt: Uint8Array,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer> = promisify(scrypt)

// OWASP's third choice for scrypt: 32 MiB and about 0.3 s on one core.
const cost = { n: 2 ** 15, r: 8, p: 3 }
const saltBytes = 16
const checkText = 'sightline'
const checkLine = 'check'

/** For a new file; `header` tells how to open it. */
export async function createLineSecrets(passphrase: string): Promise<{ secrets: LineSecrets; header: FileSecrets }> {
  const salt = randomBytes(saltBytes)
  const secrets = lineSecrets(await keyOf(passphrase, salt, cost))
  const check = secrets.seal(checkText, checkLine)
  const header = { cipher: 'aes-256-gcm', kdf: 'scrypt', ...cost, salt: salt.toString('base64'), check } as const
  return { secrets, header }
}

/** Errors: `TransferError` for a wrong passphrase. */
export async function openLineSecrets(passphrase: string, header: FileSecrets): Promise<LineSecrets> {
  const secrets = lineSecrets(await keyOf(passphrase, Buffer.from(header.salt, 'base64'), header))
  try {
    secrets.open(header.check, checkLine)
  } catch (cause) {
    throw new TransferError('the passphrase does not open the secrets of this export', { cause })
  }
  return secrets
}

function keyOf(
  passphrase: string,
  salt: Uint8Array,
  { n, r, p }: { n: number; r: number; p: number },
): Promise<Buffer> {
  return derive(passphrase.normalize('NFC'), salt, keyBytes, { N: n, r, p, maxmem: 256 * n * r })
}

function lineSecrets(key: Uint8Array): LineSecrets {
  return {
    seal: (value, line) => encrypt(key, Buffer.from(JSON.stringify(value)), Buffer.from(line)).toString('base64'),
    open: (sealed, line) => {
      try {
        return JSON.parse(decrypt(key, Buffer.from(sealed, 'base64'), Buffer.from(line)).toString('utf8'))
      } catch (cause) {
        throw new LineError('its secrets could not be opened: they were changed, or belong to another line', { cause })
      }
    },
  }
}
