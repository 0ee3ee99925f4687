// An algorithm's parameters as a user sends them. Source: algorithm catalogue, sections 1 to 3.
import { algorithms, Roi } from '@sightline/contract/algorithms.ts'
import {
  firstRefusalOf,
  isNotSupportedBy,
  lengthShouldBeInRange,
  type Refusal,
  shouldBe,
  shouldBeInRange,
  shouldBeOneOf,
} from './refusal.ts'

export type Config = Record<string, unknown>
type Issue = NonNullable<
  ReturnType<(typeof algorithms)[keyof typeof algorithms]['config']['safeParse']>['error']
>['issues'][number]

const shapesMax = 10

/** The parameters of both forms as one flat object: `{k: v}` is read before `{common: {k: v}}`. */
export function flatConfig(config: Config): Config {
  const { common, ...flat } = config
  return { ...(isObject(common) ? common : {}), ...flat }
}

/** Names that an algorithm does not know; empty for an algorithm that is not in the table. */
export function unknownParameters(algorithm: string, config: Config): string[] {
  const known = schemaOf(algorithm)?.shape
  return known ? Object.keys(flatConfig(config)).filter((name) => !(name in known)) : []
}

/** The first fault of a configuration; an algorithm that is not in the table takes any. */
export function checkConfig(algorithm: string, config: Config, isStrict: boolean): Refusal | undefined {
  const schema = schemaOf(algorithm)
  if (!schema) return undefined
  if (config.common !== undefined && !isObject(config.common)) return shouldBe('config.common', 'an object')
  const flat = flatConfig(config)
  const fieldOf = (name: string) => (name in config ? `config.${name}` : `config.common.${name}`)
  const foreign = isStrict ? unknownParameters(algorithm, config) : []
  const [issue] = schema.safeParse(flat).error?.issues ?? []
  return (
    firstRefusalOf(foreign, (name) => isNotSupportedBy(fieldOf(name), `the algorithm [${algorithm}]`)) ??
    (issue && refusalOf(issue, fieldOf(String(issue.path[0])), boundsOf(schema.shape, String(issue.path[0])))) ??
    checkRoi(fieldOf('target_roi'), flat.target_roi)
  )
}

function schemaOf(algorithm: string) {
  const row = Object.entries(algorithms).find(([name]) => name === algorithm)
  return row?.[1].config
}

function refusalOf(issue: Issue, field: string, bounds: string | undefined): Refusal {
  if (issue.code === 'custom' && typeof issue.params?.range === 'string') {
    return shouldBeInRange(field, issue.params.range)
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    if (bounds !== undefined) return shouldBeInRange(field, bounds)
    const limit = issue.code === 'too_small' ? `[${issue.minimum}, …]` : `[0, ${issue.maximum}]`
    return issue.origin === 'string' ? lengthShouldBeInRange(field, limit) : shouldBeInRange(field, limit)
  }
  if (issue.code === 'invalid_union' && field.endsWith('_sw')) return shouldBeOneOf(field, [0, 1])
  if (issue.code === 'invalid_type') return shouldBe(field, articles[issue.expected] ?? `of type ${issue.expected}`)
  return shouldBe(field, field.endsWith('target_roi') ? articles.string : 'valid')
}

const articles: Record<string, string> & { string: string } = {
  int: 'an integer',
  number: 'an integer',
  string: 'a string',
  boolean: 'a boolean',
}

/** `[from, to]` of a number in the schema, looked for under what makes it optional. */
function boundsOf(shape: object, name: string): string | undefined {
  let schema: unknown = Object.entries(shape).find(([key]) => key === name)?.[1]
  while (isObject(schema) && typeof schema.unwrap === 'function') schema = schema.unwrap()
  if (!isObject(schema) || typeof schema.minValue !== 'number') return undefined
  return `[${schema.minValue}, ${schema.maxValue}]`
}

function checkRoi(field: string, roi: unknown): Refusal | undefined {
  if (roi === undefined || roi === '') return undefined
  const value = typeof roi === 'string' ? parsed(roi) : roi
  if (!isObject(value)) return shouldBe(field, 'a string of JSON with polygons and lines')
  return (
    firstRefusalOf(['polygons', 'lines'], (member) => {
      const shapes = value[member]
      const isTooMany = Array.isArray(shapes) && shapes.length > shapesMax
      return isTooMany ? lengthShouldBeInRange(`${field}.${member}`, `[0, ${shapesMax}]`) : undefined
    }) ?? (Roi.safeParse(value).success ? undefined : shouldBe(field, 'a string of JSON with polygons and lines'))
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
