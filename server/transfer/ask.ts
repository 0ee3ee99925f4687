// Asks for a passphrase on the terminal itself: standard input may be the file that is imported.
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { TransferError } from './deployment.ts'

/** Errors: `TransferError` where there is no terminal, or two answers differ. */
export async function askNewPassphrase(): Promise<string> {
  const passphrase = await askPassphrase('Passphrase for the secrets: ')
  if ((await askPassphrase('The same again: ')) !== passphrase) throw new TransferError('the two passphrases differ')
  return passphrase
}

/** Nothing of what is typed is shown. Errors: `TransferError` where there is no terminal, or nothing was typed. */
export async function askPassphrase(question: string): Promise<string> {
  const terminal = await open('/dev/tty', 'r+').catch(() => undefined)
  if (!terminal) throw new TransferError('there is no terminal to ask on: give SIGHTLINE_EXPORT_PASSPHRASE')
  const input = new ReadStream(terminal.fd)
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silent, terminal: true })
  try {
    const answer = await Promise.race([lines.question(''), once(lines, 'close').then(() => '')])
    if (answer === '') throw new TransferError('no passphrase was given')
    return answer
  } finally {
    lines.close()
    input.destroy()
    process.stderr.write('\n')
  }
}
