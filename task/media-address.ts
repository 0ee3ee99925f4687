// What an address of a stream says by itself, before anything is connected to.

/** Port of each scheme that a stream or a web address may have. */
export const defaultPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  rtsp: 554,
  rtsps: 322,
  rtmp: 1935,
  rtmps: 443,
}

const liveExtensions = ['m3u8', 'flv']
const alwaysLive = ['rtsp', 'rtsps', 'rtmp', 'rtmps']

/** Absent when the text is no absolute address. */
export function schemeOf(address: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase()
}

/** Host and port that an address names; the port is that of its scheme when left out. Absent when it names none. */
export function hostAndPortOf(address: string): { host: string; port: number } | undefined {
  const url = URL.parse(address)
  const port = url?.port ? Number(url.port) : defaultPorts[schemeOf(address) ?? '']
  return url && port !== undefined ? { host: url.hostname, port } : undefined
}

/**
 * Whether an address names a live stream: RTSP and RTMP always, HTTP by a playlist, an FLV or a path without an
 * extension. Source: tasks API page, contradiction 6.
 */
export function isLive(address: string): boolean {
  const scheme = schemeOf(address)
  if (scheme === undefined || scheme === 'file') return false
  if (alwaysLive.includes(scheme)) return true
  const lastSegment = URL.parse(address)?.pathname.split('/').at(-1)
  const extension = lastSegment && /\.([^.]+)$/.exec(lastSegment)?.[1]
  return !extension || liveExtensions.includes(extension.toLowerCase())
}
