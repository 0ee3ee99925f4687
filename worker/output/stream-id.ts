// The `stream_id` of a result. Source: inputs and outputs, 3.1.
import type { TaskInput } from '@sightline/contract/task.ts'

function lastSegment(address: string): string {
  const { hostname, pathname } = new URL(address)
  const segment = pathname.split('/').findLast((part) => part !== '')
  return segment === undefined ? hostname : decoded(segment)
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Not percent-encoded after all.
    return segment
  }
}

/** The name of what is analysed: device id, camera code, stream name, or the last part of an address or object. */
export function streamIdOf(input: TaskInput): string {
  switch (input.type) {
    case 'edgecamera':
      return input.data[0]?.id ?? ''
    case 'vcn':
      return input.data[0]?.device_id ?? ''
    case 'vis':
      return input.data[0]?.stream_name ?? ''
    case 'obs':
      return input.data[0]?.path.split('/').findLast((part) => part !== '') ?? ''
    case 'url':
    case 'restful':
      return lastSegment(input.data[0]?.url ?? 'unknown:')
  }
}
