// `import`: the lines of a file to rows, batch by batch. A mark says how far it came, so that an import that was killed
// goes on there when it is run again.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Database } from '../store/database.ts'
import { commitLater, finishImport, selectImportMark, upsertImportMark } from '../store/import-rows.ts'
import { type Applied, type ApplyTools, applyLines, noneApplied } from './apply-lines.ts'
import { TransferError } from './deployment.ts'
import { faultOfLine } from './fault-of-line.ts'
import { type FileSecrets, type Line, LineError, lineKinds, parseHeader, parseLine } from './lines.ts'
import type { LineSecrets } from './passphrase.ts'
import { type NumberedLine, readLines } from './read-lines.ts'

export type ImportOptions = Omit<ApplyTools, 'secrets'> & {
  /** A path; `-` is standard input, which cannot be read twice: an import from it begins anew. */
  file: string
  openSecrets: (header: FileSecrets) => Promise<LineSecrets>
  onProgress: (lines: number) => void
}

const batchLinesMax = 2_000
const batchCharactersMax = 8 * 1024 * 1024

/**
 * Imports a file into a database that no server uses.
 *
 * Shape: how many lines of each kind were stored by this call.
 * Errors: `TransferError` that names the first line that is wrong; what stands before it is stored.
 */
export async function importFile(database: Database, options: ImportOptions): Promise<Applied> {
  const skipped = await linesStored(database, options.file)
  const source = openSource(options.file)
  try {
    const lines = readLines(source)
    const first = await lines.next()
    if (first.done) throw new LineError('line 1: expected a first line, given an empty file')
    const { secrets: header } = atLine(first.value, () => parseHeader(first.value.text))
    const secrets = header && (await options.openSecrets(header))
    return await importLines(database, lines, { ...options, secrets, skipped })
  } catch (error) {
    throw error instanceof LineError ? new TransferError(error.message, { cause: error }) : error
  } finally {
    source.destroy()
  }
}

const openSource = (file: string): Readable => (file === '-' ? process.stdin : createReadStream(file))

/** How many lines an earlier import of this file, as it is now, has stored. */
async function linesStored(database: Database, file: string): Promise<number> {
  const mark = await selectImportMark(database)
  if (!mark || file === '-') return 0
  for await (const line of readLines(createReadStream(file))) {
    if (line.number < mark.lines) continue
    return line.number === mark.lines && line.digest().equals(mark.digest) ? mark.lines : 0
  }
  return 0
}

/** `digest` is that of the file up to its last line; absent where a line that is wrong comes next. */
type Batch = { lines: { number: number; line: Line }[]; digest?: Buffer }
type ImportTools = ApplyTools & Pick<ImportOptions, 'onProgress'> & { skipped: number }

async function importLines(
  database: Database,
  lines: AsyncIterable<NumberedLine>,
  tools: ImportTools,
): Promise<Applied> {
  const total = noneApplied()
  const store = async (batch: Batch) => {
    add(total, await applyBatch(database, batch, tools))
    tools.onProgress(batch.lines.at(-1)?.number ?? 0)
  }
  // The database stores one batch while the next one is read.
  let storing: Promise<void> = Promise.resolve()
  try {
    for await (const batch of batches(lines, tools.skipped)) {
      await storing
      storing = store(batch)
      storing.catch(() => undefined)
    }
  } finally {
    // A line that the database refuses stands before one that cannot be read, and is the one to name.
    await storing
  }
  await finishImport(database)
  return total
}

/** Errors: `LineError` for a line that is wrong, once those before it were taken. */
async function* batches(lines: AsyncIterable<NumberedLine>, skipped: number): AsyncGenerator<Batch> {
  let batch: Batch['lines'] = []
  let characters = 0
  let last: NumberedLine | undefined
  for await (const numbered of lines) {
    if (numbered.number <= skipped) continue
    const line = tryParse(numbered)
    if (line instanceof LineError) {
      if (batch.length > 0) yield { lines: batch }
      throw line
    }
    batch.push({ number: numbered.number, line })
    characters += numbered.text.length
    last = numbered
    if (batch.length < batchLinesMax && characters < batchCharactersMax) continue
    yield { lines: batch, digest: numbered.digest() }
    batch = []
    characters = 0
  }
  if (batch.length > 0 && last) yield { lines: batch, digest: last.digest() }
}

/** All of a batch with its mark; where the database refuses one of its lines, those before that one. */
async function applyBatch(database: Database, { lines, digest }: Batch, tools: ApplyTools): Promise<Applied> {
  const mark = digest && { lines: lines.at(-1)?.number ?? 0, digest }
  try {
    return await database.transaction(async (tx) => {
      await commitLater(tx)
      const applied = await applyLines(
        tx,
        lines.map(({ line }) => line),
        tools,
      )
      if (mark) await upsertImportMark(tx, mark)
      return applied
    })
  } catch (error) {
    if (faultOfLine(error) === undefined) throw error
    return applyOneByOne(database, lines, tools)
  }
}

async function applyOneByOne(database: Database, lines: Batch['lines'], tools: ApplyTools): Promise<Applied> {
  const total = noneApplied()
  for (const { number, line } of lines) {
    try {
      add(total, await database.transaction((tx) => applyLines(tx, [line], tools)))
    } catch (error) {
      const fault = faultOfLine(error)
      throw fault === undefined ? error : new LineError(`line ${number}: ${fault}`, { cause: error })
    }
  }
  return total
}

function add(total: Applied, applied: Applied): void {
  for (const kind of lineKinds) total[kind] += applied[kind]
}

function tryParse(numbered: NumberedLine): Line | LineError {
  try {
    return atLine(numbered, () => parseLine(numbered.text))
  } catch (error) {
    if (error instanceof LineError) return error
    throw error
  }
}

/** Says which line it is that is wrong. */
function atLine<Result>({ number }: { number: number }, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    throw error instanceof LineError ? new LineError(`line ${number}: ${error.message}`, { cause: error }) : error
  }
}
