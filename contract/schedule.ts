import { z } from 'zod'

const ofDay = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$|^24:00(:00)?$/
const ofDate = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?)$/
const wallTime = new RegExp(`${ofDay.source}|${ofDate.source}`)

/** `hh:mm:ss`, or `yyyy-MM-ddThh:mm:ss` in a `once` schedule; seconds may be left out; `24:00:00` is an end. */
export const WallTime = z.string().min(1).regex(wallTime, 'hh:mm:ss, or yyyy-MM-ddThh:mm:ss for a once schedule')

export const SchedulePeriod = z.object({ begin_at: WallTime, end_at: WallTime })

export const ScheduleFrequency = z.object({
  /** Minutes between the starts of two consecutive runs. */
  interval: z.int().min(5).max(720),
  /** Minutes that one run lasts. */
  duration: z.int().min(5).max(720),
  begin_at: WallTime.optional(),
  end_at: WallTime.optional(),
})

export const scheduleTypes = ['once', 'daily', 'weekly', 'monthly'] as const
export const executionModes = ['period', 'frequency'] as const

/** When a task runs. Source: API reference, TaskSchedule. */
export const TaskSchedule = z.object({
  type: z.enum(scheduleTypes),
  execution_mode: z.enum(executionModes).optional(),
  timezone: z.string().min(1).max(64),
  /** 1 is Monday, 7 is Sunday. */
  days_of_week: z.array(z.int().min(1).max(7)).min(1).max(31).optional(),
  days_of_month: z.array(z.int().min(1).max(31)).min(1).max(62).optional(),
  periods: z.array(SchedulePeriod).min(1).max(10).optional(),
  frequency: ScheduleFrequency.optional(),
  date: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)
    .optional(),
})
export type TaskSchedule = z.infer<typeof TaskSchedule>
