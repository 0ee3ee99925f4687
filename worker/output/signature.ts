// The Standard Webhooks signature. Source: inputs and outputs, 2.1.
import { createHmac } from 'node:crypto'

/** The key inside `whsec_` and base64. */
function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
}

/**
 * The value of `webhook-signature`: one `v1,` entry for each secret, newest first, separated by spaces.
 *
 * Units: `atSeconds` is epoch seconds, the same as in `webhook-timestamp`.
 */
export function signatureOf(secrets: readonly string[], messageId: string, atSeconds: number, body: Buffer): string {
  const sign = (secret: string) =>
    createHmac('sha256', keyOf(secret)).update(`${messageId}.${atSeconds}.`).update(body).digest('base64')
  return secrets.map((secret) => `v1,${sign(secret)}`).join(' ')
}
