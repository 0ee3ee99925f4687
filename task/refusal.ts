import type { ApiErrorName } from '@sightline/contract/errors.ts'

/** Why a request is not admitted: a row of the contract's error table and what fills its template. */
export type Refusal = { error: ApiErrorName; params: Record<string, string> }

const invalid = (detail: string): Refusal => ({ error: 'invalid_argument', params: { detail } })

// The texts of the API, each said once. Source: tasks API page, section 8.
export const isRequired = (field: string) => invalid(`The field [${field}] is required and cannot be empty.`)
export const shouldBe = (field: string, what: string) => invalid(`The field [${field}] should be ${what}.`)
export const shouldBeOneOf = (field: string, values: readonly (string | number)[]) =>
  invalid(`The field [${field}] should be one of [${values.join(', ')}].`)
export const shouldBeInRange = (field: string, range: string) =>
  invalid(`The field [${field}] should be in the range of ${range}.`)
export const lengthShouldBeInRange = (field: string, range: string) =>
  invalid(`The length of the field [${field}] should be in the range of ${range}.`)
export const doesNotMatch = (field: string, pattern: string) =>
  invalid(`The field [${field}] does not match ${pattern}.`)
export const isNotSupportedBy = (field: string, what: string) =>
  invalid(`The field [${field}] is not supported by ${what}.`)
export const contradict = (first: string, second: string): Refusal => ({
  error: 'invalid_values',
  params: { first, second },
})

/** The first refusal of a list of checks, made one after another. */
export function firstRefusal(...checks: (() => Refusal | undefined)[]): Refusal | undefined {
  for (const check of checks) {
    const refusal = check()
    if (refusal) return refusal
  }
  return undefined
}

/** The first refusal that a list's items give. */
export function firstRefusalOf<Item>(
  items: readonly Item[],
  check: (item: Item, at: number) => Refusal | undefined,
): Refusal | undefined {
  return firstRefusal(...items.map((item, at) => () => check(item, at)))
}
