// Argon2id in PHC string form.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const hash = promisify(argon2)
const algorithm = 'argon2id'
// OWASP's second choice for Argon2id: 19 MiB, two passes, one lane.
const cost = { memory: 19_456, passes: 2, parallelism: 1 }
const tagLength = 32
const saltBytes = 16

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(saltBytes)
  const tag = await hash(algorithm, { message: password, nonce, ...cost, tagLength })
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`
}

/** Takes as long for an unknown account, whose hash is absent, as for a known one. */
export async function isPassword(password: string, phc: string | undefined): Promise<boolean> {
  const [, memory, passes, parallelism, salt, stored] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc ?? '') ?? []
  if (salt === undefined || stored === undefined) {
    await hashPassword(password)
    return false
  }
  const expected = Buffer.from(stored, 'base64')
  const tag = await hash(algorithm, {
    message: password,
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  })
  return timingSafeEqual(tag, expected)
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

const kindsOfCharacter = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/]

/** What is wrong with a new password, to follow its name; its length is the contract's. Source: decisions/0021. */
export function faultOfPassword(password: string, name: string): string | undefined {
  const lower = password.toLowerCase()
  const reversed = [...name.toLowerCase()].reverse().join('')
  if (lower.includes(name.toLowerCase()) || lower.includes(reversed))
    return 'cannot hold the name, forwards or backwards'
  const kinds = kindsOfCharacter.filter((kind) => kind.test(password)).length
  return kinds < 2 ? 'should have at least two of upper case, lower case, digits and other characters' : undefined
}
