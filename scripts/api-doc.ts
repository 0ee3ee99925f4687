// Writes docs/reference/api.md from the OpenAPI document. A test compares; --write makes it anew.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openApiDocument } from '@sightline/server/api/openapi.ts'

export const apiDocPath = fileURLToPath(new URL('../docs/reference/api.md', import.meta.url))

type Parameter = {
  name: string
  in: string
  description?: string
  schema: { enum?: unknown[]; default?: unknown; type?: string }
}
type Content = { 'application/json': { example?: unknown; examples?: Record<string, { value: unknown }> } }
type Response = { content?: Content }
type Operation = {
  operationId: string
  summary: string
  tags: string[]
  parameters: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, Response>
}

/** The page as it should be. */
export function apiDoc(): string {
  const { paths } = openApiDocument('0') as { paths: Record<string, Record<string, Operation>> }
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const tags = [...new Set(all.map(({ operation }) => operation.tags[0] ?? ''))]
  const sections = tags.map((tag) => {
    const own = all.filter(({ operation }) => operation.tags[0] === tag)
    return [`## ${tag[0]?.toUpperCase()}${tag.slice(1)}\n`, ...own.map(operationText)].join('\n')
  })
  return `# The API

Generated from the contract by \`npm run node scripts/api-doc.ts --write\`; a running platform shows the same with its
schemas at \`/docs\`, and as OpenAPI 3.1 at \`/openapi.json\`.

${sections.join('\n')}`
}

function operationText({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const status = Object.keys(operation.responses).find((one) => one.startsWith('2')) ?? ''
  const answer = operation.responses[status]?.content
  return [
    `### ${operation.operationId}\n\n\`${method} ${path}\` → ${status}\n\n${operation.summary}\n`,
    parametersText(operation.parameters.filter((parameter) => parameter.in !== 'path')),
    exampleText('Request', operation.requestBody?.content),
    exampleText('Answer', answer),
    errorsText(operation.responses),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

function parametersText(parameters: Parameter[]): string {
  if (parameters.length === 0) return ''
  const rows = parameters.map(({ name, in: where, description = '', schema }) => {
    const values = schema.enum ? schema.enum.map((value) => `\`${value}\``).join(' ') : (schema.type ?? '')
    const otherwise = schema.default === undefined ? '' : `\`${schema.default}\``
    return `| \`${name}\`${where === 'header' ? ' (header)' : ''} | ${description} | ${values} | ${otherwise} |`
  })
  return `| parameter | meaning | values | default |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

function exampleText(title: string, content: Content | undefined): string {
  const example = content?.['application/json'].example
  return example === undefined ? '' : `${title}:\n\n\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\`\n`
}

function errorsText(responses: Record<string, Response>): string {
  const rows = Object.entries(responses).flatMap(([status, { content }]) =>
    Object.values(content?.['application/json'].examples ?? {}).map(({ value }) => {
      const { error_code, error_msg } = value as { error_code: string; error_msg: string }
      return `| ${status} | \`${error_code}\` | ${error_msg} |`
    }),
  )
  return `| status | code | text |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

if (process.argv.includes('--write')) await writeFile(apiDocPath, apiDoc())
