// The certificate authorities that this Node trusts, as the file that FFmpeg wants.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates } from 'node:tls'

let written: Promise<string> | undefined

/** FFmpeg's build knows no authorities of its own; these include what `NODE_EXTRA_CA_CERTS` names. Written once. */
export function trustedCertificatesFile(): Promise<string> {
  written ??= write()
  return written
}

async function write(): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'sightline-engine-')), 'trusted.pem')
  await writeFile(path, getCACertificates('default').join('\n'))
  return path
}
