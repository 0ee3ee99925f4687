// Spellings of a create request that are accepted beside the contract's own. Source: tasks API page, sections 3 and 10.

type Members = Record<string, unknown>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The body with every accepted spelling replaced by the contract's; what is no object or text is left for the schema. */
export function settleSpellings(body: Members): Members {
  return {
    ...body,
    ...(isMembers(body.input) && { input: { ...body.input, ...settledInputType(body.input.type) } }),
    ...(isMembers(body.schedule) && { schedule: { ...body.schedule, ...lowerCase('type', body.schedule.type) } }),
    ...(isMembers(body.output) && { output: settledOutput(body.output) }),
  }
}

function settledInputType(type: unknown): Members {
  if (typeof type !== 'string') return {}
  const lower = type.toLowerCase()
  return { type: lower === 'edgerestful' ? 'restful' : lower }
}

function lowerCase(name: string, value: unknown): Members {
  return typeof value === 'string' ? { [name]: value.toLowerCase() } : {}
}

/** The prose of the documents writes `dataCategory`. */
function settledOutput(output: Members): Members {
  return Object.fromEntries(
    Object.entries(output).map(([kind, member]) => {
      if (!isMembers(member) || !('dataCategory' in member)) return [kind, member]
      const { dataCategory, ...rest } = member
      return [kind, { data_category: dataCategory, ...rest }]
    }),
  )
}
