// What DESCRIBE answers: the one video track of a live stream (RFC 4566; RFC 6184, 8.2.1).
import type { ParameterSets } from './encode.ts'
import { rtpClockHz, rtpPayloadType } from './rtp.ts'

export type SessionDescription = { host: string; name: string; fps: number; sets: ParameterSets }

/** The last part of the track's address. */
export const trackName = 'trackID=0'

export function sdpOf({ host, name, fps, sets }: SessionDescription): string {
  const family = host.includes(':') ? 'IP6' : 'IP4'
  const profile = sets.sps.subarray(1, 4).toString('hex').toUpperCase()
  const inBase64 = `${sets.sps.toString('base64')},${sets.pps.toString('base64')}`
  return [
    'v=0',
    `o=- 1 1 IN ${family} ${host}`,
    `s=${name}`,
    `c=IN ${family} ${family === 'IP6' ? '::' : '0.0.0.0'}`,
    't=0 0',
    'a=control:*',
    'a=range:npt=now-',
    `m=video 0 RTP/AVP ${rtpPayloadType}`,
    `a=rtpmap:${rtpPayloadType} H264/${rtpClockHz}`,
    `a=fmtp:${rtpPayloadType} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${inBase64}`,
    `a=framerate:${fps}`,
    `a=control:${trackName}`,
    '',
  ].join('\r\n')
}
