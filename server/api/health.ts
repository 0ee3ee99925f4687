// What answers without a token: whether the process lives, whether it serves, and what the API is.
import type { FastifyInstance } from 'fastify'
import { metricsText } from '../events.ts'
import { type Database, isAnswering } from '../store/database.ts'
import { addDocsPage } from './docs-page.ts'
import { openApiDocument } from './openapi.ts'

const readyWithinMs = 2_000

export function addHealth(app: FastifyInstance, database: Database, version: string): void {
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_, reply) => {
    const isReady = await answersInTime(database)
    return reply
      .code(isReady ? 200 : 503)
      .send({ status: isReady ? 'ok' : 'waiting', database: isReady ? 'ok' : 'away' })
  })
  app.get('/metrics', async (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText()))
  addDocsPage(app)
  const document = JSON.stringify(openApiDocument(version))
  app.get('/openapi.json', async (_, reply) => reply.type('application/json').send(document))
}

async function answersInTime(database: Database): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(late.resolve, readyWithinMs, false)
  return Promise.race([isAnswering(database), late.promise]).finally(() => clearTimeout(timer))
}
