// An engine for tests: speaks engine/messages.ts without media. What a pipeline does is in the path of its input:
// `/run` gives a result at start and then every `config.everyMs`; `/end` gives three results and ends; `/refuse` throws
// for good; `/lose` throws after its first frame, each time; `/crash` kills the process after its first frame,
// the first time; `/hang`
// answers nothing any more after its first frame.
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { FromEngine, PipelineId, ToEngine } from './engine/messages.ts'

const timers = new Map<PipelineId, NodeJS.Timeout>()
const send = (message: FromEngine) => process.send?.(message)
let resultCount = 0

function result(pipelineId: PipelineId) {
  send({
    kind: 'result',
    pipelineId,
    resultId: ++resultCount,
    result: {
      eventType: 196609,
      category: 'StructuredData',
      atMs: 1_700_000_000_000,
      capturedAtMs: 1_700_000_000_000,
      ptsMs: 0,
      data: { event_set: [] },
      picture: new Uint8Array([255, 216, 255]),
    },
  })
}

function start(pipelineId: PipelineId, assignment: Assignment) {
  const { input, config } = assignment
  const path = input.type === 'url' ? new URL(input.data[0]?.url ?? 'rtsp://a/').pathname : ''
  const error = { code: 'VIN.201', message: 'the input was lost' }
  if (path === '/refuse') return send({ kind: 'threw', pipelineId, error, isPermanent: true })
  send({ kind: 'opened', pipelineId, source: { codec: 'h264', widthPx: 640, heightPx: 360, fps: 25, isLive: true } })
  send({ kind: 'progress', pipelineId, framesAnalysed: 1, framesDropped: 0 })
  result(pipelineId)
  if (path === '/lose') return setTimeout(() => send({ kind: 'threw', pipelineId, error, isPermanent: false }), 300)
  if (path === '/crash' && pipelineId.endsWith('/1')) return setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)
  if (path === '/hang') return setTimeout(() => hang(), 300)
  if (path === '/end') {
    result(pipelineId)
    result(pipelineId)
    return send({ kind: 'ended', pipelineId })
  }
  const tick = () => {
    send({ kind: 'progress', pipelineId, framesAnalysed: 2, framesDropped: 0 })
    result(pipelineId)
  }
  return timers.set(pipelineId, setInterval(tick, Number(config.everyMs ?? 1000)))
}

function hang() {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
}

process.on('message', (message: ToEngine) => {
  if (message.kind === 'start') start(message.pipelineId, message.assignment)
  if (message.kind === 'stop') {
    clearInterval(timers.get(message.pipelineId))
    send({ kind: 'stopped', pipelineId: message.pipelineId })
  }
  if (message.kind === 'close') process.exit(0)
})
process.once('disconnect', () => process.exit(0))
send({ kind: 'ready' })
