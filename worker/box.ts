/** Of any unit; x, y is the upper-left corner. */
export type Box = { x: number; y: number; w: number; h: number }

/** Intersection over union, 0 to 1. */
export function overlap(one: Box, other: Box): number {
  const w = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x)
  const h = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y)
  if (w <= 0 || h <= 0) return 0
  return (w * h) / (one.w * one.h + other.w * other.h - w * h)
}
