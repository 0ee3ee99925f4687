// Sources as servers of the network give them: what can be opened, how each fault is named, what the policy refuses.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer as createTlsSocketServer, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { startCamera } from '@sightline/camera/camera.ts'
import { writeClip } from '@sightline/camera/clip.ts'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { openMedia, type Source } from '@sightline/worker/source/open-media.ts'
import { SourceError } from '@sightline/worker/source/source-error.ts'

const loopback: AddressPolicy = { preset: 'lan', allow: ['127.0.0.0/8', '::1'], deny: [], own: [] }
const strict: AddressPolicy = { preset: 'lan', allow: [], deny: [], own: [] }

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-sources-test-'))
  writeClip({ file: join(folder, 'street.mp4'), durationS: 4, widthPx: 320, heightPx: 180 })
  writeClip({ file: join(folder, 'street.mkv'), durationS: 4, widthPx: 320, heightPx: 180 })
  writeClip({ file: join(folder, 'street.m3u8'), durationS: 4, widthPx: 320, heightPx: 180 })
  const mp4 = await readFile(join(folder, 'street.mp4'))
  await writeFile(join(folder, 'unknown.mp4'), Buffer.from(mp4.toString('latin1').replaceAll('avc1', 'zzzz'), 'latin1'))
  await writeFile(join(folder, 'page.html'), '<html><body>no video here</body></html>'.repeat(50))
  await writeFile(join(folder, 'thief.m3u8'), playlist(pathToFileURL(join(folder, 'street.mp4')).href))
})
after(() => rm(folder, { recursive: true }))

const playlist = (segment: string) =>
  `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n${segment}\n#EXT-X-ENDLIST\n`

/** The folder of clips, with ranges, and answers of all kinds. */
const serve: RequestListener = (request, response) => {
  const path = new URL(request.url ?? '/', 'http://x').pathname
  const status = /^\/status\/(\d+)$/.exec(path)?.[1]
  const location = request.url?.split('?to=')[1]
  if (status) return void response.writeHead(Number(status), location ? { location } : {}).end()
  if (path === '/segment-elsewhere.m3u8')
    return void response.end(playlist(`http://localhost.:1${request.url?.split('?')[1]}`))
  if (path === '/secret/street.mp4') return serveSecret(request, response)
  if (path === '/cut.mkv') return void cut(response, () => response.destroy())
  if (path === '/reset.mkv') return void cut(response, () => response.socket?.resetAndDestroy())
  serveFile(request, response, join(folder, path.slice(1))).catch(() => response.writeHead(404).end())
}

/** Asks for the user `viewer` with the password `p@ss`. */
function serveSecret(request: IncomingMessage, response: ServerResponse): void {
  const isRight = request.headers.authorization === `Basic ${Buffer.from('viewer:p@ss').toString('base64')}`
  if (isRight) void serveFile(request, response, join(folder, 'street.mp4'))
  else response.writeHead(401, { 'www-authenticate': 'Basic realm="street"' }).end()
}

async function serveFile(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
  const { size } = await stat(file)
  const [, from] = /bytes=(\d+)-/.exec(request.headers.range ?? '') ?? []
  const start = Number(from ?? 0)
  if (start >= size) return void response.writeHead(416).end()
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': size - start,
    'accept-ranges': 'bytes',
    ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
  })
  createReadStream(file, { start }).pipe(response)
}

/** Promises a whole file and breaks the connection after half of it. */
async function cut(response: ServerResponse, breakOff: () => void): Promise<void> {
  const whole = await readFile(join(folder, 'street.mkv'))
  response.writeHead(200, { 'content-length': whole.length })
  response.write(whole.subarray(0, whole.length / 2), breakOff)
}

async function listening(server: Server | ReturnType<typeof createTcpServer>) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { at: `127.0.0.1:${port}`, port, [Symbol.dispose]: () => void server.close() }
}

const open = (url: string, policy = loopback, signal = new AbortController().signal): Promise<Source> =>
  openMedia(url, { signal, policy, isFileAllowed: false })

async function fault(url: string, policy = loopback): Promise<{ code: string; isPermanent: boolean; message: string }> {
  try {
    await using source = await open(url, policy)
    await countFrames(source)
  } catch (error) {
    assert.ok(error instanceof SourceError, String(error))
    return { code: error.code, isPermanent: error.isPermanent, message: error.message }
  }
  throw new Error('the source was opened and read')
}

async function countFrames(source: Source): Promise<number> {
  let frameCount = 0
  try {
    while (await source.media.readPacket()) frameCount += free(await source.media.decode())
    return frameCount + free(await source.media.drain())
  } catch (error) {
    throw source.explain(error)
  }
}

function free(frames: Disposable[]): number {
  for (const frame of frames) frame[Symbol.dispose]()
  return frames.length
}

for (const name of ['street.mp4', 'street.m3u8', 'status/302?to=/street.mp4']) {
  test(`${name} over http is read to its end and is not live`, async () => {
    using server = await listening(createServer(serve))
    await using source = await open(`http://${server.at}/${name}`)
    assert.deepEqual(
      { isLive: source.isLive, frameCount: await countFrames(source) },
      { isLive: false, frameCount: 60 },
    )
  })
}

test('credentials in an http address are given to the server that asks for them', async () => {
  using server = await listening(createServer(serve))
  await using source = await open(`http://viewer:p%40ss@${server.at}/secret/street.mp4`)
  assert.equal(await countFrames(source), 60)
  assert.equal((await fault(`http://viewer:wrong@${server.at}/secret/street.mp4`)).code, 'VIN.207')
})

test('an RTSP camera with credentials in its address is live', async () => {
  const credentials = { user: 'viewer', password: 'p@ss:w/rd', scheme: 'digest' } as const
  await using camera = await startCamera({ widthPx: 320, heightPx: 180, nowMs: () => Date.now(), credentials })
  const url = camera.url.replace('rtsp://', `rtsp://viewer:${encodeURIComponent(credentials.password)}@`)
  await using source = await open(url)
  assert.deepEqual({ isLive: source.isLive, canEnd: source.canEnd }, { isLive: true, canEnd: false })
  assert.ok(await source.media.readPacket())
})

for (const { name, path, code, isPermanent } of [
  { name: 'a missing file', path: '/nothing.mp4', code: 'VIN.203', isPermanent: false },
  { name: 'refused credentials', path: '/status/401', code: 'VIN.207', isPermanent: true },
  { name: 'a forbidden file', path: '/status/403', code: 'VIN.207', isPermanent: true },
  { name: 'a server that is out of order', path: '/status/503', code: 'VIN.202', isPermanent: false },
  { name: 'a web page', path: '/page.html', code: 'VIN.204', isPermanent: false },
  { name: 'an unknown codec', path: '/unknown.mp4', code: 'VIN.208', isPermanent: true },
  { name: 'a playlist that names a local file', path: '/thief.m3u8', code: 'VIN.204', isPermanent: false },
  { name: 'a file that is cut short', path: '/cut.mkv', code: 'VIN.201', isPermanent: false },
  { name: 'a connection that is reset', path: '/reset.mkv', code: 'VIN.201', isPermanent: false },
]) {
  test(`${name} is ${code}`, async () => {
    using server = await listening(createServer(serve))
    const { message, ...rest } = await fault(`http://user:hunter2@${server.at}${path}?token=hunter2`)
    assert.deepEqual(rest, { code, isPermanent })
    assert.doesNotMatch(message, /hunter2/)
  })
}

test('wrong credentials at a camera are permanent', async () => {
  const credentials = { user: 'viewer', password: 'right', scheme: 'basic' } as const
  await using camera = await startCamera({ widthPx: 320, heightPx: 180, nowMs: () => Date.now(), credentials })
  const { code, isPermanent } = await fault(camera.url.replace('rtsp://', 'rtsp://viewer:wrong@'))
  assert.deepEqual({ code, isPermanent }, { code: 'VIN.207', isPermanent: true })
})

for (const scheme of ['http', 'rtsp', 'rtmp']) {
  test(`a port where no ${scheme} server listens is VIN.202`, async () => {
    const { at } = await listening(createTcpServer()).then((server) => {
      server[Symbol.dispose]()
      return server
    })
    assert.equal((await fault(`${scheme}://${at}/live/x`)).code, 'VIN.202')
  })

  test(`a name that does not resolve is VIN.201 with ${scheme}`, async () => {
    assert.equal((await fault(`${scheme}://no-such-camera.invalid/live/x`)).code, 'VIN.201')
  })

  test(`loopback is refused for ${scheme} unless it is allowed`, async () => {
    using server = await listening(createTcpServer(() => assert.fail('was connected')))
    const { code, isPermanent } = await fault(`${scheme}://${server.at}/live/x`, strict)
    assert.deepEqual({ code, isPermanent }, { code: 'VIN.209', isPermanent: true })
  })
}

test('a silent server is VIN.205 with every protocol', { timeout: 20_000 }, async () => {
  const sockets = new Set<{ destroy(): void }>()
  using server = await listening(createTcpServer((socket) => void sockets.add(socket)))
  const faults = await Promise.all(['http', 'rtsp', 'rtmp'].map((scheme) => fault(`${scheme}://${server.at}/live/x`)))
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['VIN.205', 'VIN.205', 'VIN.205'],
  )
  for (const socket of sockets) socket.destroy()
})

test('a redirect to an address that is not allowed is refused', async () => {
  using server = await listening(createServer(serve))
  using inner = await listening(createServer(() => assert.fail('was asked')))
  const policy = { ...strict, allow: [server.at] }
  const { code } = await fault(`http://${server.at}/status/302?to=http://${inner.at}/street.mp4`, policy)
  assert.equal(code, 'VIN.209')
})

test('an RTSP redirect is followed where it is allowed, and refused elsewhere', async () => {
  await using camera = await startCamera({ widthPx: 320, heightPx: 180, nowMs: () => Date.now() })
  using server = await listening(aRedirectingServer(camera.url))
  await using source = await open(`rtsp://${server.at}/street`)
  assert.ok(await source.media.readPacket())
  assert.equal((await fault(`rtsp://${server.at}/street`, { ...strict, allow: [server.at] })).code, 'VIN.209')
})

test('a server cannot send the platform to a file, though its administrator may name one', async () => {
  const file = pathToFileURL(join(folder, 'street.mp4')).href
  using server = await listening(aRedirectingServer(file))
  const context = { signal: new AbortController().signal, policy: loopback, isFileAllowed: true }
  await using source = await openMedia(file, context)
  assert.ok(await source.media.readPacket())
  await assert.rejects(openMedia(`rtsp://${server.at}/street`, context), { code: 'VIN.209' })
})

function aRedirectingServer(location: string) {
  return createTcpServer((socket) => {
    socket.on('data', (request: Buffer) => {
      const [method] = request.toString().split(' ')
      const [, sequence] = /CSeq: (\d+)/.exec(request.toString()) ?? []
      const answer = method === 'OPTIONS' ? '200 OK\r\nPublic: DESCRIBE' : `302 Found\r\nLocation: ${location}`
      socket.write(`RTSP/1.0 ${answer}\r\nCSeq: ${sequence}\r\n\r\n`)
    })
  })
}

test('an RTSP camera behind TLS opens when its certificate is trusted only', async (t) => {
  const { key, cert } = await selfSigned()
  await using camera = await startCamera({ widthPx: 320, heightPx: 180, nowMs: () => Date.now() })
  const { port } = new URL(camera.url)
  using server = await listening(
    createTlsSocketServer({ key, cert }, (socket) => {
      const plain = connect(Number(port), '127.0.0.1')
      for (const half of [socket, plain]) half.on('error', () => half.destroy())
      socket.pipe(plain).pipe(socket)
    }),
  )
  const url = `rtsps://localhost:${server.port}/street`
  assert.equal((await fault(url)).code, 'VIN.206')
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, String(cert)])
  t.after(() => setDefaultCACertificates(trusted))
  await using source = await open(url)
  assert.ok(await source.media.readPacket())
})

test('a segment at an address that is not allowed is refused', async () => {
  using server = await listening(createServer(serve))
  const policy = { ...strict, allow: [server.at] }
  assert.equal((await fault(`http://${server.at}/segment-elsewhere.m3u8?/x.ts`, policy)).code, 'VIN.209')
})

test('a file is refused where files are not allowed', async () => {
  const { code, message } = await fault(pathToFileURL(join(folder, 'street.mp4')).href)
  assert.equal(code, 'VIN.209')
  assert.ok(message)
})

test('a certificate that nobody trusts is VIN.206, for playlists and for their segments', async () => {
  const { key, cert } = await selfSigned()
  using plain = await listening(createServer(serve))
  using secret = await listening(createTlsServer({ key, cert }, serve))
  assert.equal((await fault(`https://${secret.at}/street.mp4`)).code, 'VIN.206')
  await writeFile(join(folder, 'tls.m3u8'), playlist(`https://${secret.at}/street0.ts`))
  assert.equal((await fault(`http://${plain.at}/tls.m3u8`)).code, 'VIN.206')
})

test('https with a certificate of a trusted authority opens, for the name it is valid for only', async (t) => {
  const { key, cert } = await selfSigned()
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, String(cert)])
  t.after(() => setDefaultCACertificates(trusted))
  using server = await listening(createTlsServer({ key, cert }, serve))
  await using source = await open(`https://localhost:${server.port}/street.m3u8`)
  assert.equal(await countFrames(source), 60)
  assert.equal((await fault(`https://${server.at}/street.mp4`)).code, 'VIN.206')
})

async function selfSigned(): Promise<{ key: Buffer; cert: Buffer }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  await promisify(execFile)('openssl', ['req', '-x509', '-nodes', ...kind, ...subject, '-keyout', key, '-out', cert])
  return { key: await readFile(key), cert: await readFile(cert) }
}
