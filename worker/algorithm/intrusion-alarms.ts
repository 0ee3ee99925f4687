// When an alarm of a target is sent: at once, merged with one before, or again.
import type { IntrusionConfig } from '@sightline/contract/algorithms.ts'
import type { Track } from './tracker.ts'

/** Between two alarms of a target that stays, when the config has `repeat_alert_sw` but no interval. */
const repeatEveryMs = 10_000

export type Alarms = {
  /** Of an alarm that lasts: true when it begins, and again in intervals while it lasts if the config repeats. */
  isDue(key: string, trackId: string, atMs: number): boolean
  /** Of an alarm of one moment. */
  isDueAtOnce(key: string, trackId: string, atMs: number): boolean
  /** The alarm is over; gives whether it had begun. */
  end(key: string): boolean
  /** The last sight of a target, for the alarm that says that it is gone. */
  remember(track: Track): void
  lastTrack(trackId: string): Track | undefined
  /** Forgets all targets but these. */
  keep(trackIds: ReadonlySet<string>): void
}

type Alarm = { trackId: string; isOn: boolean; sentAtMs: number | undefined }

export function openAlarms(config: IntrusionConfig): Alarms {
  const mergeMs = (config.alert_detection_interval ?? 0) * 1000
  const againMs = config.alert_detection_interval === undefined ? repeatEveryMs : mergeMs
  const alarms = new Map<string, Alarm>()
  const lastTracks = new Map<string, Track>()
  const alarmOf = (key: string, trackId: string) => {
    const alarm = alarms.get(key) ?? { trackId, isOn: false, sentAtMs: undefined }
    alarms.set(key, alarm)
    return alarm
  }
  const send = (alarm: Alarm, atMs: number, pauseMs: number) => {
    if (alarm.sentAtMs !== undefined && atMs - alarm.sentAtMs < pauseMs) return false
    alarm.sentAtMs = atMs
    return true
  }
  return {
    isDue(key, trackId, atMs) {
      const alarm = alarmOf(key, trackId)
      const wasOn = alarm.isOn
      alarm.isOn = true
      if (!wasOn) return send(alarm, atMs, mergeMs)
      return config.repeat_alert_sw ? send(alarm, atMs, againMs) : false
    },
    isDueAtOnce: (key, trackId, atMs) => send(alarmOf(key, trackId), atMs, mergeMs),
    end(key) {
      const alarm = alarms.get(key)
      const wasOn = alarm?.isOn ?? false
      if (alarm) alarm.isOn = false
      return wasOn
    },
    remember: (track) => void lastTracks.set(track.id, track),
    lastTrack: (trackId) => lastTracks.get(trackId),
    keep(trackIds) {
      for (const [key, { trackId }] of alarms) if (!trackIds.has(trackId)) alarms.delete(key)
      for (const id of lastTracks.keys()) if (!trackIds.has(id)) lastTracks.delete(id)
    },
  }
}
