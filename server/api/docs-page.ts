// The document of the API for people: Swagger UI from its package, nothing from anywhere else.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sightline API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null })\n`

// Swagger UI writes style attributes, and its icons are data URLs.
const headers = {
  'content-security-policy': [
    ...["default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"],
    ...["font-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

const types = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

export function addDocsPage(app: FastifyInstance): void {
  app.get('/docs', async (_, reply) => reply.headers(headers).type('text/html; charset=utf-8').send(page))
  app.get('/docs/start.js', async (_, reply) =>
    reply.headers(headers).type('text/javascript; charset=utf-8').send(start),
  )
  for (const [name, type] of Object.entries(types)) {
    // Read for each request: 1.5 MB that hardly anybody asks for need not stay in memory.
    app.get(`/docs/${name}`, async (_, reply) => {
      const file = fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`))
      return reply
        .headers(headers)
        .type(type)
        .send(await readFile(file))
    })
  }
}
