// One row for each call that writes: who did what to what, and how it ended. Source: platform API page, registries.
import { insertAudit } from '../store/audit.ts'
import type { Token } from '../store/tokens.ts'
import type { Answer, Call, Door } from './call.ts'
import { outcomeOf } from './errors.ts'

type Answering = (call: Call) => Promise<Answer>
type Arrival = Pick<Call, 'nowMs' | 'address' | 'requestId'> & { method: string; path: string }
type Recording = { name: string; arrival: Arrival; token: Token }

const readMethods = ['GET', 'HEAD']
const tooMany = 429

/** Lets a caller in and answers it; a write is recorded however it ends, unless it is held back by a limit. */
export async function recorded(door: Door, recording: Recording, admit: () => Answering): Promise<Answering> {
  if (readMethods.includes(recording.arrival.method)) return admit()
  const answer = await withRefusal(door, recording, async () => admit())
  return (call) =>
    withRefusal(door, recording, async () => {
      const given = await answer(call)
      await record(door, recording, { status: given.status })
      return given
    })
}

async function withRefusal<Result>(door: Door, recording: Recording, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    const { status, code } = outcomeOf(error, recording.arrival.path)
    if (status !== tooMany) await record(door, recording, { status, errorCode: code })
    throw error
  }
}

/** The call has had its effect; that it cannot be recorded does not undo it, so the log has it then. */
async function record(
  door: Door,
  { name, arrival, token }: Recording,
  outcome: { status: number; errorCode?: string },
): Promise<void> {
  const entry = {
    ...{ atMs: arrival.nowMs, accountId: token.account.id, accountName: token.account.name },
    ...{ method: arrival.method, operation: name, target: arrival.path },
    ...{ requestId: arrival.requestId, address: arrival.address },
    ...outcome,
    ...(token.project && { projectId: token.project.id }),
  }
  await insertAudit(door.database, entry).catch((error: unknown) => {
    door.log.error({ err: error, entry }, 'a call could not be recorded')
  })
}
