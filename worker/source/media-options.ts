// What FFmpeg is told for each kind of address. Everything not said here is FFmpeg's default.

const seconds = 1_000_000
/** How long a server may say nothing. */
export const transportTimeoutMs = 8000
const transportTimeoutUs = String(transportTimeoutMs * 1000)

/** The containers that a tenant's address may hold. Others, such as `concat` or `sdp`, open further addresses themselves. */
const containers =
  'hls,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,flv,live_flv,avi,asf,mpjpeg,mjpeg,h264,hevc,ogg,aac,mp3,webvtt'

/**
 * Half a second of stream shows which tracks there are. With FFmpeg's own limits RTMP takes 4 to 6 s and HTTP-FLV 8 s
 * to open, because a header that announces sound makes it wait for sound that never comes.
 */
const probing = { analyzeduration: String(seconds / 2), probesize: '1000000', fpsprobesize: '2' }

const rtsp = {
  ...probing,
  protocol_whitelist: 'rtsp,rtp,tcp,udp',
  rtsp_transport: 'tcp+udp',
  // TCP first; UDP when the server answers that it does not do TCP.
  rtsp_flags: 'prefer_tcp',
  allowed_media_types: 'video',
  timeout: transportTimeoutUs,
}
const rtmp = {
  ...probing,
  protocol_whitelist: 'rtmp,tcp',
  rtmp_live: 'live',
  rw_timeout: transportTimeoutUs,
}
const http = {
  ...probing,
  // TLS is spoken by the checking proxy; an https address that reaches FFmpeg all the same is refused here.
  protocol_whitelist: 'http,tcp,hls,crypto',
  format_whitelist: containers,
  rw_timeout: transportTimeoutUs,
  user_agent: 'Sightline',
  // Segments of any name: what a playlist may name is bounded by the two lists above.
  allowed_extensions: 'ALL',
  allowed_segment_extensions: 'ALL',
  extension_picky: '0',
  // The newest complete segment, not the third newest: two segments less of delay.
  live_start_index: '-1',
}
const file = { protocol_whitelist: 'file', format_whitelist: containers }

export const mediaOptions = {
  'rtsp:': rtsp,
  'rtsps:': rtsp,
  'rtmp:': rtmp,
  'rtmps:': rtmp,
  'http:': http,
  'https:': http,
  'file:': file,
} satisfies Record<string, Record<string, string>>
export type MediaScheme = keyof typeof mediaOptions

export const isMediaScheme = (protocol: string): protocol is MediaScheme => protocol in mediaOptions
