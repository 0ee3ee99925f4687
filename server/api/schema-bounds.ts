// Finds both bounds of the member that a fault names: a fault tells only the one that was passed.
import type { z } from 'zod'

/** `above` is an exclusive lower bound. */
export type Bounds = { min?: number; max?: number; above?: number }

/** The bounds that the schema sets at a path; `value` chooses among the members of a union on the way. */
export function boundsAt(schema: z.ZodType, path: readonly PropertyKey[], value: unknown): Bounds {
  const found = schemaAt(schema as z.core.$ZodType, path, value)
  const bounds: Bounds = {}
  for (const check of found?._zod.def.checks ?? []) addBound(bounds, check._zod.def)
  return bounds
}

function addBound(bounds: Bounds, check: z.core.$ZodCheckDef): void {
  if (check.check === 'min_length') bounds.min = (check as z.core.$ZodCheckMinLengthDef).minimum
  if (check.check === 'max_length') bounds.max = (check as z.core.$ZodCheckMaxLengthDef).maximum
  if (check.check === 'less_than') bounds.max = Number((check as z.core.$ZodCheckLessThanDef).value)
  if (check.check === 'greater_than') {
    const { value, inclusive } = check as z.core.$ZodCheckGreaterThanDef
    bounds[inclusive ? 'min' : 'above'] = Number(value)
  }
}

function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[], value: unknown): z.core.$ZodType | undefined {
  const inner = unwrap(schema, value)
  const [step, ...rest] = path
  if (step === undefined) return inner
  const next = inner && memberOf(inner, step)
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined
  return next && schemaAt(next, rest, member)
}

type Wrapped = { innerType?: z.core.$ZodType; in?: z.core.$ZodType }

/** Through optional, default and the like, and into the member of a union that the value chooses. */
function unwrap(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  const def = schema._zod.def as z.core.$ZodTypeDef & Wrapped
  if (def.innerType) return unwrap(def.innerType, value)
  if (def.type === 'pipe' && def.in) return unwrap(def.in, value)
  if (def.type !== 'union') return schema
  const { options } = def as z.core.$ZodUnionDef
  return options.find((option) => chooses(option, value)) ?? options[0]
}

/** Whether every literal member of an object schema has the value's member. */
function chooses(option: z.core.$ZodType, value: unknown): boolean {
  const { shape } = option._zod.def as Partial<z.core.$ZodObjectDef>
  if (!shape || typeof value !== 'object' || value === null) return false
  return Object.entries(shape).every(([key, member]) => {
    const { values } = member._zod.def as { values?: unknown[] }
    return values === undefined || values.includes(Reflect.get(value, key))
  })
}

function memberOf(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  const def = schema._zod.def as z.core.$ZodTypeDef & {
    shape?: z.core.$ZodShape
    element?: z.core.$ZodType
    valueType?: z.core.$ZodType
  }
  return def.shape?.[String(step)] ?? def.element ?? def.valueType
}
