// The rules of a schedule's shape. Source: schedules page, sections 1 and 3.
import type { TaskSchedule } from '@sightline/contract/schedule.ts'
import {
  contradict,
  doesNotMatch,
  firstRefusal,
  firstRefusalOf,
  isNotSupportedBy,
  isRequired,
  type Refusal,
  shouldBe,
} from './refusal.ts'

const dayS = 86_400

/** The first fault of a schedule. `isStrict` also refuses members that belong to another type. */
export function checkSchedule(schedule: TaskSchedule, isStrict: boolean): Refusal | undefined {
  return firstRefusal(
    () => checkMode(schedule),
    () => checkTimezone(schedule.timezone),
    () => checkDays(schedule, isStrict),
    () => checkPeriods(schedule),
    () => checkFrequency(schedule),
    () => (isStrict ? checkDate(schedule) : undefined),
  )
}

function checkMode({ execution_mode: mode, periods, frequency }: TaskSchedule): Refusal | undefined {
  if (periods && frequency) return contradict('schedule.periods', 'schedule.frequency')
  if (mode === 'period' && frequency) return contradict('schedule.execution_mode', 'schedule.frequency')
  if (mode === 'frequency' && periods) return contradict('schedule.execution_mode', 'schedule.periods')
  if (periods || frequency) return undefined
  return isRequired(mode === 'frequency' ? 'schedule.frequency' : 'schedule.periods')
}

function checkTimezone(timezone: string): Refusal | undefined {
  return isTimezone(timezone) ? undefined : shouldBe('schedule.timezone', 'a UTC offset or the name of a time zone')
}

/** Offsets from −12:00 to +14:00 in the forms `±HH:mm`, `UTC±H[:mm]`, `GMT±H[:mm]`; `Z`, `UTC`; names, case-sensitive. */
export function isTimezone(timezone: string): boolean {
  if (['Z', 'UTC', 'GMT'].includes(timezone)) return true
  const [, sign, hours, minutes] =
    /^([+-])(\d{2}):(\d{2})$/.exec(timezone) ?? /^(?:UTC|GMT)([+-])(\d{1,2})(?::(\d{2}))?$/.exec(timezone) ?? []
  if (sign === undefined) return isZoneName(timezone)
  const minute = minutes === undefined ? 0 : Number(minutes)
  const offsetMin = Number(hours) * 60 + minute
  return minute < 60 && offsetMin <= (sign === '-' ? 12 : 14) * 60
}

function isZoneName(name: string): boolean {
  // A bare offset is a zone to Temporal too, in more forms than the document knows.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId === name
  } catch {
    return false
  }
}

const daysOf = [
  ['weekly', 'days_of_week'],
  ['monthly', 'days_of_month'],
] as const

function checkDays(schedule: TaskSchedule, isStrict: boolean): Refusal | undefined {
  return firstRefusalOf(daysOf, ([type, member]) => {
    if (schedule.type === type) return schedule[member] ? undefined : isRequired(`schedule.${member}`)
    const isForeign = isStrict && schedule[member] !== undefined
    return isForeign ? isNotSupportedBy(`schedule.${member}`, `schedules of type [${schedule.type}]`) : undefined
  })
}

function checkPeriods({ type, periods }: TaskSchedule): Refusal | undefined {
  const form = type === 'once' ? 'dated' : 'daily'
  return firstRefusalOf(periods ?? [], (period, at) => checkStretch(`schedule.periods[${at}]`, period, form))
}

/** A frequency of a `once` schedule has full date-times, or a `date` beside and times of that day. */
function checkFrequency({ type, frequency, date }: TaskSchedule): Refusal | undefined {
  if (!frequency) return undefined
  const isDated = type === 'once' && date === undefined
  if (isDated && frequency.begin_at === undefined) return isRequired('schedule.frequency.begin_at')
  if (isDated && frequency.end_at === undefined) return isRequired('schedule.frequency.end_at')
  if (type === 'once' && date !== undefined && !isCalendarDay(date)) return doesNotMatch('schedule.date', 'yyyy-MM-dd')
  const form = isDated ? 'dated' : type === 'once' ? 'of one day' : 'daily'
  return checkStretch('schedule.frequency', frequency, form)
}

function checkDate({ type, periods, date }: TaskSchedule): Refusal | undefined {
  if (date === undefined || (type === 'once' && !periods)) return undefined
  return isNotSupportedBy('schedule.date', type === 'once' ? 'periods' : `schedules of type [${type}]`)
}

type Form = 'dated' | 'daily' | 'of one day'
type Stretch = { begin_at?: string | undefined; end_at?: string | undefined }

/** A daily stretch whose end lies before its begin ends on the next day; the other forms must not end before they begin. */
function checkStretch(field: string, { begin_at, end_at }: Stretch, form: Form): Refusal | undefined {
  const begin = begin_at === undefined ? 0 : secondsOf(begin_at, form)
  const end = end_at === undefined ? dayS : secondsOf(end_at, form)
  const pattern = form === 'dated' ? 'yyyy-MM-ddThh:mm:ss' : 'hh:mm:ss'
  if (begin === undefined || begin_at?.match(/(^|T)24:/)) return doesNotMatch(`${field}.begin_at`, pattern)
  if (end === undefined) return doesNotMatch(`${field}.end_at`, pattern)
  const isOrdered = form === 'daily' ? end !== begin : end > begin
  return isOrdered ? undefined : contradict(`${field}.begin_at`, `${field}.end_at`)
}

/** Seconds on the wall clock since midnight, or since 1970 of a dated form; absent when it is of the other form. */
function secondsOf(time: string, form: Form): number | undefined {
  const [, date, hours, minutes, seconds] = /^(?:(\d{4}-\d{2}-\d{2})T)?(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(time) ?? []
  if (hours === undefined || (date !== undefined) !== (form === 'dated')) return undefined
  if (date !== undefined && !isCalendarDay(date)) return undefined
  const ofDay = Number(hours) * 3600 + Number(minutes) * 60 + (seconds === undefined ? 0 : Number(seconds))
  return date === undefined ? ofDay : Date.parse(`${date}T00:00:00Z`) / 1000 + ofDay
}

function isCalendarDay(date: string): boolean {
  const atMs = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(date)
}
