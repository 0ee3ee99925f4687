// A Kalman filter over a box: where it is, how it moves, and how sure that is. The model is constant velocity with
// random accelerations. Its noises touch no two coordinates at once, so the filter of eight numbers falls apart into
// four of two, which need no matrices.
import type { Box } from '../box.ts'

/** One coordinate, its rate per second, and their covariance. */
type Axis = { value: number; rate: number; valueVariance: number; covariance: number; rateVariance: number }

export type BoxFilter = { middleX: Axis; middleY: Axis; aspect: Axis; height: Axis }

/**
 * How uncertain things are; positions in box scales (see `scaleOf`), time in seconds. The values are in the order of a
 * walking person: 0.8 heights a second, 0.5 heights a second gained or lost in one.
 */
const noise = {
  /** Of the place and the height of a detected box. */
  measured: 0.05,
  measuredAspect: 0.1,
  /** Of the velocity of an object that was seen once. */
  firstRate: 1.5,
  firstHeightRate: 0.2,
  firstAspectRate: 0.05,
  /** Density of the random acceleration. */
  acceleration: 0.5,
  heightAcceleration: 0.1,
  aspectAcceleration: 0.05,
}

export function startFilter(box: Box): BoxFilter {
  const scale = scaleOf(box)
  const measured = (noise.measured * scale) ** 2
  return {
    middleX: startAxis(box.x + box.w / 2, measured, noise.firstRate * scale),
    middleY: startAxis(box.y + box.h / 2, measured, noise.firstRate * scale),
    aspect: startAxis(box.w / box.h, noise.measuredAspect ** 2, noise.firstAspectRate),
    height: startAxis(box.h, measured, noise.firstHeightRate * scale),
  }
}

/** Moves the filter `seconds` ahead. */
export function predict(filter: BoxFilter, seconds: number): void {
  const scale = scaleOf(boxOf(filter))
  advance(filter.middleX, seconds, noise.acceleration * scale)
  advance(filter.middleY, seconds, noise.acceleration * scale)
  advance(filter.aspect, seconds, noise.aspectAcceleration)
  advance(filter.height, seconds, noise.heightAcceleration * scale)
}

/** Takes a detected box in. */
export function correct(filter: BoxFilter, box: Box): void {
  const measured = (noise.measured * scaleOf(box)) ** 2
  update(filter.middleX, box.x + box.w / 2, measured)
  update(filter.middleY, box.y + box.h / 2, measured)
  update(filter.aspect, box.w / box.h, noise.measuredAspect ** 2)
  update(filter.height, box.h, measured)
}

/** The object is known to stand still. */
export function halt(filter: BoxFilter): void {
  for (const axis of [filter.middleX, filter.middleY, filter.aspect, filter.height]) axis.rate = 0
}

export function boxOf(filter: BoxFilter): Box {
  const h = Math.max(1, filter.height.value)
  const w = Math.max(1, filter.aspect.value * h)
  return { x: filter.middleX.value - w / 2, y: filter.middleY.value - h / 2, w, h }
}

/** One standard deviation of the middle, in pixels. */
export function spreadOf(filter: BoxFilter): { x: number; y: number } {
  return { x: Math.sqrt(filter.middleX.valueVariance), y: Math.sqrt(filter.middleY.valueVariance) }
}

/** The length by which the speed of an object is judged: a person's height, a vehicle's longer side. */
export function scaleOf(box: Box): number {
  return Math.max(box.w, box.h)
}

function startAxis(value: number, valueVariance: number, rateDeviation: number): Axis {
  return { value, rate: 0, valueVariance, covariance: 0, rateVariance: rateDeviation ** 2 }
}

function advance(axis: Axis, seconds: number, acceleration: number): void {
  const density = acceleration ** 2
  axis.value += axis.rate * seconds
  axis.valueVariance += 2 * seconds * axis.covariance + seconds ** 2 * axis.rateVariance + (density * seconds ** 3) / 3
  axis.covariance += seconds * axis.rateVariance + (density * seconds ** 2) / 2
  axis.rateVariance += density * seconds
}

function update(axis: Axis, measured: number, measuredVariance: number): void {
  const total = axis.valueVariance + measuredVariance
  const valueGain = axis.valueVariance / total
  const rateGain = axis.covariance / total
  const surprise = measured - axis.value
  axis.value += valueGain * surprise
  axis.rate += rateGain * surprise
  axis.rateVariance -= rateGain * axis.covariance
  axis.covariance -= valueGain * axis.covariance
  axis.valueVariance -= valueGain * axis.valueVariance
}
