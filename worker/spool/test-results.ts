// Builders for tests of the spool and of deliveries.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewResult, OutputConfig, SpoolOptions } from './spool.ts'

export const aResult = (over: Partial<NewResult> = {}): NewResult => ({
  taskId: 't1',
  generation: 1,
  lastSequence: 0,
  streamId: 'cam',
  eventType: 196609,
  atMs: 1_700_000_000_500,
  capturedAtMs: 1_700_000_000_250,
  data: { event_set: [] },
  outputs: [{ kind: 'webhook', picture: undefined }],
  ...over,
})

export const anOutput = (over: Partial<OutputConfig> = {}): OutputConfig => ({
  settings: { url: 'http://127.0.0.1:9/', headers: { 'X-Key': 'k' } },
  signingSecrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  addressPolicy: { preset: 'lan', allow: ['127.0.0.1'], deny: [], own: [] },
  ...over,
})

export function aDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'sightline-worker-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export const spoolOptions = (directory: string, over: Partial<SpoolOptions> = {}): SpoolOptions => ({
  directory,
  limits: { nodeBytes: 2 ** 30, outputBytes: 2 ** 28 },
  clock: { nowMs: () => 1_700_000_001_000 },
  onDamaged: (path) => {
    throw new Error(`${path} is damaged`)
  },
  onDelayed: (cause) => {
    throw cause
  },
  ...over,
})
