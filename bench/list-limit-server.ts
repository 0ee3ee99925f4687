// Answers every request with the bytes it was last told to.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

let body = Buffer.from('{}')
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', body.length)
  response.end(body)
})
process.on('message', (text: string) => {
  body = Buffer.from(text)
  process.send?.('set')
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
