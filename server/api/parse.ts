// From the first fault that a schema finds to the text of the API. Source: tasks API page, section 8.
import type { z } from 'zod'
import { apiError } from './errors.ts'
import { boundsAt } from './schema-bounds.ts'

type Issue = z.core.$ZodIssue

/** The value as the schema has it; errors: `invalid_argument` for the first fault in the schema's order. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = safeParse(schema, value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw apiError('invalid_argument', { detail: issue ? describe(issue, schema, value) : '' })
}

/** The value as the schema has it, or every fault that it finds, in its own order. */
export function parseWhole<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): { data: z.output<Schema> } | { faults: string[] } {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return { data: result.data }
  return { faults: result.error.issues.map((issue) => describe(issue, schema, value)) }
}

function safeParse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.ZodSafeParseResult<z.output<Schema>> {
  try {
    return schema.safeParse(value, { reportInput: true })
  } catch (error) {
    // The library compares the `length` of what should be a text or a list, and an object there may not compare.
    if (!(error instanceof TypeError)) throw error
    return schema.safeParse(withoutLengths(value), { reportInput: true })
  }
}

function withoutLengths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLengths)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([name]) => name !== 'length')
  return Object.fromEntries(members.map(([name, member]) => [name, withoutLengths(member)]))
}

/** `input.data[0].url` */
export function fieldOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((field, step) => {
    if (typeof step === 'number') return `${field}[${step}]`
    return field === '' ? String(step) : `${field}.${String(step)}`
  }, '')
}

function describe(issue: Issue, schema: z.ZodType, value: unknown): string {
  const field = fieldOf(issue.path)
  if (isMissing(issue)) return `The field [${missingField(issue)}] is required and cannot be empty.`
  switch (issue.code) {
    case 'invalid_type':
      return `The field [${field}] should be ${articled[issue.expected] ?? `of type ${issue.expected}`}.`
    case 'too_small':
    case 'too_big':
      return describeRange(issue, schema, value)
    case 'invalid_format':
      return describeFormat(issue, field)
    case 'invalid_value':
      return `The field [${field}] should be one of [${issue.values.map(String).join(', ')}].`
    case 'invalid_union':
      return describeUnion(issue, field)
    case 'invalid_key':
      return `The length of a name in the field [${fieldOf(issue.path.slice(0, -1))}] should be in the range of [1, 256].`
    case 'custom':
      return describeCustom(issue, field)
    default:
      return `The field [${field}] is invalid.`
  }
}

const articled: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'a boolean',
  object: 'an object',
  record: 'an object',
  array: 'an array',
  tuple: 'an array',
}

/** Absent, an empty text, an empty list. */
function isMissing(issue: Issue): boolean {
  if (issue.code === 'invalid_type') return issue.input === undefined
  if (issue.code === 'too_small') {
    return issue.minimum === 1 && (issue.input === '' || (Array.isArray(issue.input) && issue.input.length === 0))
  }
  return issue.code === 'invalid_union' && discriminated(issue) === undefined
}

function missingField(issue: Issue): string {
  return fieldOf(issue.path)
}

/** The value that chooses among the members of a union; any value but undefined when nothing chooses. */
function discriminated(issue: z.core.$ZodIssueInvalidUnion): unknown {
  const { discriminator, input } = issue
  if (discriminator === undefined || typeof input !== 'object' || input === null) return input
  return Reflect.get(input, discriminator)
}

function describeUnion(issue: z.core.$ZodIssueInvalidUnion, field: string): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : []
  if (options.length > 0) return `The field [${field}] should be one of [${options.join(', ')}].`
  return `The field [${field}] is invalid.`
}

function describeRange(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  schema: z.ZodType,
  value: unknown,
): string {
  const field = fieldOf(issue.path)
  const bounds = boundsAt(schema, issue.path, value)
  const isNumber = issue.origin === 'number' || issue.origin === 'int' || issue.origin === 'bigint'
  if (isNumber && bounds.above !== undefined) return `The field [${field}] should be greater than ${bounds.above}.`
  const range = `[${bounds.min ?? (isNumber ? Number.MIN_SAFE_INTEGER : 0)}, ${bounds.max ?? Number.MAX_SAFE_INTEGER}]`
  if (isNumber) return `The field [${field}] should be in the range of ${range}.`
  return `The length of the field [${field}] should be in the range of ${range}.`
}

function describeFormat(issue: z.core.$ZodIssueInvalidStringFormat, field: string): string {
  if (issue.format === 'url') return `The field [${field}] should be an absolute URL.`
  // A schema that says its pattern in words says it better.
  const words = issue.message.startsWith('Invalid') ? undefined : issue.message
  const pattern = words ?? issue.pattern?.replace(/^\/|\/[a-z]*$/g, '') ?? issue.format
  return `The field [${field}] does not match ${pattern}.`
}

function describeCustom(issue: z.core.$ZodIssueCustom, field: string): string {
  const range: unknown = issue.params?.range
  if (typeof range !== 'string') return `The field [${field}] is invalid.`
  const of = typeof issue.input === 'object' ? 'The length of the field' : 'The field'
  return `${of} [${field}] should be in the range of ${range}.`
}
