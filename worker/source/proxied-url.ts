// How an https address is written for FFmpeg, which fetches everything through the checking proxy in clear: as http,
// with a last label that names no host anywhere. FFmpeg verifies only the first of the connections that a playlist
// makes; so TLS is spoken by the proxy, and FFmpeg never sees an https address.

const mark = '.https.invalid'

/** `https://a.example/x` as `http://a.example.https.invalid:443/x`; any other address as it is. */
export function proxiedUrl(url: URL): string {
  if (url.protocol !== 'https:') return url.href
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`
  return `http://${user}${markedHost(url.host)}${url.pathname}${url.search}`
}

/** What FFmpeg asks the proxy for, as the address it stands for; `undefined` for anything that is not http. */
export function originalUrl(asked: string): URL | undefined {
  const url = URL.parse(asked)
  if (url?.protocol !== 'http:') return undefined
  if (!url.hostname.endsWith(mark)) return url
  const [, name = '', port = ''] = /^(.*)\.https\.invalid(?::(\d+))?$/.exec(url.host) ?? []
  const host = name.endsWith('.v6') ? `[${name.slice(0, -3).replaceAll('-', ':')}]` : name
  return URL.parse(`https://${host}:${port}${url.pathname}${url.search}`) ?? undefined
}

/** A playlist or a `Location`, with every https address in it written for FFmpeg. */
export function withProxiedUrls(text: string): string {
  return text.replace(/https:\/\/((?:[^\s/"'?#,@]*@)?)([^\s/"'?#,@]+)/gi, (_, user: string, host: string) => {
    return `http://${user}${markedHost(host)}`
  })
}

/** The host of an IPv6 address is no name, so it is spelled as one. The port is always there: http has another default. */
function markedHost(host: string): string {
  const [, name = host, port = '443'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? []
  const spelled = name.startsWith('[') ? `${name.slice(1, -1).replaceAll(':', '-')}.v6` : name
  return `${spelled}${mark}:${port}`
}
