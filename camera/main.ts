// Runs one synthetic camera as a process: prints its address and truth as one JSON line, and ends with its parent.
import { parseArgs } from 'node:util'
import { startCamera } from './camera.ts'

const usage = `usage: main.ts [--host H] [--port N] [--path P] [--copies N] [--width N] [--height N] [--fps N] [--seed N]
               [--user U --password W [--auth basic|digest]]`

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`--${name} takes a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`)
  }
  return value
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      path: { type: 'string', default: 'street' },
      copies: { type: 'string', default: '1' },
      width: { type: 'string', default: '1280' },
      height: { type: 'string', default: '720' },
      fps: { type: 'string', default: '15' },
      seed: { type: 'string', default: '1' },
      user: { type: 'string' },
      password: { type: 'string' },
      auth: { type: 'string', default: 'digest' },
    },
  })
  const { user, password, auth } = values
  if (auth !== 'basic' && auth !== 'digest') throw new RangeError(`--auth takes basic or digest, not ${auth}`)
  if ((user === undefined) !== (password === undefined)) throw new RangeError('--user and --password come together')
  const isOpen = user === undefined || password === undefined
  return {
    ...(isOpen ? {} : { credentials: { user, password, scheme: auth } as const }),
    host: values.host,
    port: wholeNumber('port', values.port, 0, 65_535),
    path: values.path.replace(/^\/+|\/+$/g, ''),
    copies: wholeNumber('copies', values.copies, 1, 1000),
    widthPx: wholeNumber('width', values.width, 320, 3840),
    heightPx: wholeNumber('height', values.height, 180, 2160),
    fps: wholeNumber('fps', values.fps, 1, 60),
    seed: wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
  }
}

/** Resolves when the process should end: asked by a signal, or its standard input closed because the parent is gone. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.on('SIGTERM', () => resolve())
    process.on('SIGINT', () => resolve())
    process.stdin.on('end', () => resolve())
    process.stdin.on('error', () => resolve())
    process.stdin.resume()
  })
}

async function main(): Promise<void> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`)
    process.exitCode = 2
    return
  }
  const stopped = untilStopped()
  await using camera = await startCamera({ ...options, nowMs: Date.now })
  const { url, urls, startedAtMs, truth } = camera
  process.stdout.write(`${JSON.stringify({ url, urls, startedAtMs, truth })}\n`)
  await stopped
}

try {
  await main()
} catch (error) {
  process.stderr.write(`the camera failed: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
// An open standard input would keep the process alive.
process.stdin.destroy()
