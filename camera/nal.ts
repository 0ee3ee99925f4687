// H.264 NAL units: one piece of an access unit, without its start code (ITU-T H.264, Annex B).

export type NalUnit = Buffer<ArrayBuffer>

/** 1 slice, 5 slice of a key frame, 6 supplemental information, 7 sequence and 8 picture parameter set. */
export function nalType(nal: NalUnit): number {
  return (nal[0] ?? 0) & 0x1f
}

/** The NAL units of a byte stream, in order, as views of `stream`; bytes before the first start code are dropped. */
export function splitAnnexB(stream: Buffer<ArrayBuffer>): NalUnit[] {
  const starts: number[] = []
  for (let at = stream.indexOf(startCode); at !== -1; at = stream.indexOf(startCode, at + 3)) starts.push(at + 3)
  return starts.map((start, i) => {
    const next = starts[i + 1]
    return withoutTrailingZeros(stream.subarray(start, next === undefined ? stream.length : next - 3))
  })
}

const startCode = Buffer.from([0, 0, 1])

// A longer start code leaves a zero behind the unit before it; a NAL unit itself never ends with one.
function withoutTrailingZeros(nal: NalUnit): NalUnit {
  let end = nal.length
  while (end > 0 && nal[end - 1] === 0) end--
  return nal.subarray(0, end)
}

/** NAL units as a byte stream with four-byte start codes. */
export function joinAnnexB(nals: readonly NalUnit[]): Buffer {
  return Buffer.concat(nals.flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal]))
}
