// One pull and one decode for all tasks that watch the same address. A source here is:
//   opening   from the first join, until FFmpeg knows codec and size
//   running   packets are read; each feed gets the frames that are due for it
//   over      it ended, failed or lost its last feed; everything native is free. A later join opens a new one.
// Only live sources are shared: a file belongs to one task, which sees it from its beginning.
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { TaskInput } from '@sightline/contract/task.ts'
import { type Frame, MediaError, type PacketFacts } from '../decode/ffmpeg.ts'
import { createFileTimeline, createLiveTimeline, type Timeline } from '../decode/timeline.ts'
import {
  areKeyFramesEnough,
  createKeyframeMeter,
  createLosslessSlot,
  createNewestSlot,
  createSampler,
  type Sampler,
  type Slot,
} from '../sample.ts'
import type { Source } from '../source/open-media.ts'
import type { SourceContext } from '../source/routes.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { SourceFacts } from './messages.ts'

/** A sampled frame with its times; who takes it frees it. */
export type SourceFrame = Disposable & { frame: Frame; ptsMs: number; atMs: number; capturedAtMs: number }

/** The frames of a source that are due for one task. Closing it waits until nothing native is held for it any more. */
export type FrameFeed = AsyncIterable<SourceFrame> & AsyncDisposable & { facts(): SourceFacts; droppedCount(): number }

export type FeedOrder = { input: TaskInput; policy: AddressPolicy; sampleEveryMs: number; signal: AbortSignal }
export type OpenAnySource = (input: TaskInput, context: Pick<SourceContext, 'signal' | 'policy'>) => Promise<Source>
type Surroundings = { openSource: OpenAnySource; clock: () => number }

/** Gives a function that opens feeds; feeds of equal input and policy share their source when it is live. */
export function createSharedSources(surroundings: Surroundings): (order: FeedOrder) => Promise<FrameFeed> {
  const sources = new Map<string, SharedSource>()
  return async (order) => {
    const key = keyOf(order)
    const known = sources.get(key)
    if (known && !known.isOver) {
      const feed = await known.join(order)
      if (feed) return feed
    }
    const source = new SharedSource(order, surroundings)
    if (!known || known.isOver) sources.set(key, source)
    source.over.then(() => sources.get(key) === source && sources.delete(key))
    const feed = await source.join(order)
    if (!feed) throw new Error('a new source refused its first feed')
    return feed
  }
}

/** `index` is the user's numbering of entries; it names no other address. */
const keyOf = ({ input, policy }: FeedOrder) =>
  JSON.stringify([input, policy], (name, value) => (name === 'index' ? undefined : value))

type Member = { sampler: Sampler; slot: Slot<SourceFrame>; sampleEveryMs: number }

// Streams with a rolling refresh never mark a key frame; after this many packets decoding starts without one.
const packetsWithoutKeyMax = 500

class SharedSource {
  /** Resolves when everything native is free. */
  readonly over: Promise<void>
  isOver = false
  readonly #clock: () => number
  readonly #closing = new AbortController()
  readonly #opened: Promise<Source>
  readonly #members = new Set<Member>()
  readonly #meter = createKeyframeMeter()
  #joinedCount = 0
  #hasReader = false
  #packetsSkipped = 0
  #awaitsKey = true
  #lastPtsMs = 0

  constructor(order: FeedOrder, { openSource, clock }: Surroundings) {
    this.#clock = clock
    this.#opened = openSource(order.input, { policy: order.policy, signal: this.#closing.signal })
    this.over = this.#run()
  }

  /** A feed, or `undefined` when the source turns out to be a file that another task already reads. */
  async join(order: FeedOrder): Promise<FrameFeed | undefined> {
    this.#joinedCount += 1
    try {
      const source = await unlessAborted(this.#opened, order.signal)
      if (source.isLive || !this.#hasReader) return this.#feed(source, order.sampleEveryMs)
    } catch (error) {
      await this.#leave()
      throw error
    }
    await this.#leave()
    return undefined
  }

  #feed(source: Source, sampleEveryMs: number): FrameFeed {
    this.#hasReader = true
    const slot = source.isLive ? createNewestSlot<SourceFrame>() : createLosslessSlot<SourceFrame>()
    const member = { slot, sampler: createSampler(sampleEveryMs), sampleEveryMs }
    if (this.isOver) slot.fail(source.explain(new Error('the source ended while it was joined')))
    this.#members.add(member)
    return {
      facts: () => factsOf(source, this.#meter.intervalMs()),
      droppedCount: () => slot.droppedCount(),
      [Symbol.asyncIterator]: () => slot[Symbol.asyncIterator](),
      [Symbol.asyncDispose]: async () => {
        slot.leave()
        if (this.#members.delete(member)) await this.#leave()
        else if (this.#joinedCount === 0) await this.over
      },
    }
  }

  /** The last one out interrupts whatever blocks, and waits until all is free. */
  async #leave(): Promise<void> {
    this.#joinedCount -= 1
    if (this.#joinedCount > 0) return
    this.isOver = true
    this.#closing.abort()
    await this.over
  }

  async #run(): Promise<void> {
    try {
      await using source = await this.#opened
      await this.#pull(source).then(
        () => this.#each((slot) => slot.end()),
        (error: unknown) => this.#each((slot) => slot.fail(source.explain(error))),
      )
    } catch {
      // Opening failed; each join was told why.
    }
    this.isOver = true
  }

  #each(act: (slot: Slot<SourceFrame>) => void): void {
    this.isOver = true
    for (const { slot } of this.#members) act(slot)
  }

  async #pull(source: Source): Promise<void> {
    const timeline = source.isLive ? createLiveTimeline() : createFileTimeline(this.#clock())
    while (!this.#closing.signal.aborted) {
      const packet = await source.media.readPacket()
      const nowMs = this.#clock()
      if (!packet) {
        await this.#deliver(await source.media.drain(), { timeline, nowMs, source })
        if (!source.canEnd) throw new MediaError('the live source ended', 'ended')
        return
      }
      const ptsMs = timeline.ptsOf(packet.streamMs, nowMs)
      if (packet.isKey) this.#meter.seeKey(ptsMs)
      await this.#deliver(await this.#decode(source, packet, ptsMs), { timeline, nowMs, source })
    }
  }

  /** Drops packets before the decoder when key frames are enough for every task; see `areKeyFramesEnough`. */
  async #decode(source: Source, packet: PacketFacts, ptsMs: number): Promise<Frame[]> {
    const members = [...this.#members]
    const sampleEveryMs = Math.min(...members.map((member) => member.sampleEveryMs))
    if (areKeyFramesEnough(this.#meter.intervalMs(), sampleEveryMs)) {
      this.#awaitsKey = true
      const isDue = packet.isKey && members.some(({ sampler }) => sampler.wants(ptsMs))
      return isDue ? source.media.decodeAlone() : []
    }
    if (this.#awaitsKey && !packet.isKey && this.#packetsSkipped < packetsWithoutKeyMax) {
      this.#packetsSkipped += 1
      return []
    }
    this.#awaitsKey = false
    this.#packetsSkipped = 0
    return source.media.decode()
  }

  async #deliver(frames: Frame[], at: { timeline: Timeline; nowMs: number; source: Source }): Promise<void> {
    using rest = new DisposableStack()
    for (const frame of frames) rest.use(frame)
    for (const decoded of frames) {
      const { widthPx, heightPx } = at.source.media.facts
      if (decoded.widthPx !== widthPx || decoded.heightPx !== heightPx) {
        throw new MediaError('the picture size changed', 'changed')
      }
      this.#lastPtsMs = Math.max(this.#lastPtsMs, at.timeline.ptsOf(decoded.streamMs, at.nowMs))
      const times = {
        ptsMs: this.#lastPtsMs,
        atMs: at.timeline.atOf(this.#lastPtsMs),
        capturedAtMs: at.nowMs,
      }
      for (const { sampler, slot } of this.#members) {
        if (!sampler.wants(times.ptsMs)) continue
        sampler.take(times.ptsMs)
        await slot.put(sourceFrame(decoded.share(), times))
      }
    }
  }
}

const sourceFrame = (frame: Frame, times: Omit<SourceFrame, 'frame' | typeof Symbol.dispose>): SourceFrame => ({
  ...times,
  frame,
  [Symbol.dispose]: () => frame[Symbol.dispose](),
})

function factsOf({ media, isLive }: Source, keyframeIntervalMs: number | undefined): SourceFacts {
  const { codec, widthPx, heightPx, fps } = media.facts
  const facts = { codec, widthPx, heightPx, fps, isLive }
  return keyframeIntervalMs === undefined ? facts : { ...facts, keyframeIntervalMs }
}
