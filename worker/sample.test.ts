import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  areKeyFramesEnough,
  createKeyframeMeter,
  createLosslessSlot,
  createNewestSlot,
  createSampler,
} from './sample.ts'

/** The times of the frames that a sampler takes out of a steady stream. */
function taken(everyMs: number, frameEveryMs: number, untilMs: number): number[] {
  const sampler = createSampler(everyMs)
  const times: number[] = []
  for (let ptsMs = 0; ptsMs <= untilMs; ptsMs += frameEveryMs) {
    if (!sampler.wants(ptsMs)) continue
    sampler.take(ptsMs)
    times.push(ptsMs)
  }
  return times
}

for (const { name, everyMs, frameEveryMs, untilMs, expected } of [
  {
    name: 'frames that fall on the pace',
    everyMs: 1000,
    frameEveryMs: 40,
    untilMs: 3000,
    expected: [0, 1000, 2000, 3000],
  },
  {
    name: 'the next frame after the pace, without drift',
    everyMs: 100,
    frameEveryMs: 40,
    untilMs: 320,
    expected: [0, 120, 200, 320],
  },
  {
    name: 'every frame when none is faster than the pace',
    everyMs: 100,
    frameEveryMs: 300,
    untilMs: 900,
    expected: [0, 300, 600, 900],
  },
  { name: 'every frame at no pace', everyMs: 0, frameEveryMs: 40, untilMs: 120, expected: [0, 40, 80, 120] },
]) {
  test(`a sampler takes ${name}`, () => assert.deepEqual(taken(everyMs, frameEveryMs, untilMs), expected))
}

test('after a gap a sampler goes on from the frame that ended it, without catching up', () => {
  const sampler = createSampler(1000)
  sampler.take(0)
  sampler.take(10_300)
  assert.deepEqual([10_400, 10_800].map(sampler.wants), [false, true])
})

test('a frame a tick early is on time', () => {
  const sampler = createSampler(1000)
  sampler.take(0)
  assert.equal(sampler.wants(999.4), true)
})

test('the distance of key frames is known after two, and is the longest of the last four', () => {
  const meter = createKeyframeMeter()
  const seen = [0, 1000, 9000, 10_000, 11_000, 12_000, 13_000].map((ptsMs) => {
    meter.seeKey(ptsMs)
    return meter.intervalMs()
  })
  assert.deepEqual(seen, [undefined, undefined, 8000, 8000, 8000, 8000, 1000])
})

for (const { name, intervalMs, everyMs, expected } of [
  { name: 'not while their distance is unknown', intervalMs: undefined, everyMs: 1000, expected: false },
  { name: 'when they come at the pace', intervalMs: 1000.4, everyMs: 1000, expected: true },
  { name: 'not when they come more seldom', intervalMs: 2000, everyMs: 1000, expected: false },
]) {
  test(`key frames alone are enough ${name}`, () => assert.equal(areKeyFramesEnough(intervalMs, everyMs), expected))
}

/** An item that notes when it is freed. */
function anItem(name: string, freed: string[]) {
  return { name, [Symbol.dispose]: () => void freed.push(name) }
}

test('on a live source the newest frame wins, and the replaced one is freed and counted', async () => {
  const freed: string[] = []
  const slot = createNewestSlot<ReturnType<typeof anItem>>()
  for (const name of ['a', 'b', 'c']) await slot.put(anItem(name, freed))
  slot.end()
  const taken: string[] = []
  for await (const item of slot) taken.push(item.name)
  assert.deepEqual({ taken, freed, dropped: slot.droppedCount() }, { taken: ['c'], freed: ['a', 'b'], dropped: 2 })
})

test('on a finite source nothing is lost, and the producer waits for the consumer', async () => {
  const slot = createLosslessSlot<ReturnType<typeof anItem>>()
  const steps: string[] = []
  const produced = (async () => {
    for (const name of ['a', 'b', 'c']) {
      await slot.put(anItem(name, []))
      steps.push(`went on after ${name}`)
    }
    slot.end()
  })()
  for await (const item of slot) steps.push(`took ${item.name}`)
  await produced
  assert.deepEqual(steps, ['took a', 'went on after a', 'took b', 'went on after b', 'took c', 'went on after c'])
})

test('a producer that waits goes on when the consumer leaves, and what waits is freed', async () => {
  const freed: string[] = []
  const slot = createLosslessSlot<ReturnType<typeof anItem>>()
  const put = slot.put(anItem('a', freed))
  slot.leave()
  await put
  await slot.put(anItem('b', freed))
  assert.deepEqual(freed, ['a', 'b'])
})

test('the fault of a source reaches the consumer after the last frame', async () => {
  const slot = createNewestSlot<ReturnType<typeof anItem>>()
  await slot.put(anItem('a', []))
  slot.fail(new Error('camera lost'))
  const taken: string[] = []
  await assert.rejects(async () => {
    for await (const item of slot) taken.push(item.name)
  }, /camera lost/)
  assert.deepEqual(taken, ['a'])
})
