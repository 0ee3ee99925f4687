// Result messages as the demo reads them: happenings to compare, marks to draw, sentences to print.
import { BoundingBox, eventTypes, type ResultMessage } from '@sightline/contract/result.ts'
import { z } from 'zod'
import type { Happening } from './compare.ts'
import type { Mark } from './picture.ts'

const LineEvents = z.object({
  interval: z.number(),
  event_set: z.array(z.object({ side1_count: z.number(), side2_count: z.number() })),
})
const BoxEvents = z.object({ event_set: z.array(z.object({ bounding_box: BoundingBox })) })

export type DemoEvent = { happenings: Happening[]; marks: Mark[]; says: string }

/** Undefined for a message that the demo's two tasks do not send. */
export function readMessage(message: ResultMessage): DemoEvent | undefined {
  if (message.event_type === eventTypes.peopleFlowLine) return readCrossings(message)
  if (message.event_type === eventTypes.intrusion) return readIntrusions(message)
  return undefined
}

function readCrossings(message: ResultMessage): DemoEvent {
  const { interval, event_set } = LineEvents.parse(message.data)
  // The interval ends at `timestamp`, which is in whole seconds; its middle is the best guess of when it happened.
  const atMs = message.timestamp * 1000 + 500 - (interval * 1000) / 2
  const happenings = event_set.flatMap(({ side1_count, side2_count }) => [
    ...Array<Happening>(side1_count).fill({ what: 'side1', atMs }),
    ...Array<Happening>(side2_count).fill({ what: 'side2', atMs }),
  ])
  const says = happenings.map(({ what }) => (what === 'side1' ? '→ to side 1' : '← to side 2')).join(', ')
  return { happenings, marks: [], says: `line crossed: ${says}` }
}

function readIntrusions(message: ResultMessage): DemoEvent {
  const { event_set } = BoxEvents.parse(message.data)
  const atMs = message.data.ext?.captured_at_ms ?? message.timestamp * 1000
  return {
    happenings: event_set.map(() => ({ what: 'intrusion', atMs })),
    marks: event_set.map(({ bounding_box: { x, y, w, h } }) => ({ x: x + w / 2, y: y + h, sign: '●' })),
    says: `someone entered the region${message.image_base64 ? ' (picture sent)' : ''}`,
  }
}
