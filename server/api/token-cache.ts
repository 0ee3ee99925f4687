// Whom a token speaks for, kept for a moment: a client asks many times with one token, and looking it up is half the
// work of a short answer. decisions/0030 says what that costs.
import type { Token } from '../store/tokens.ts'

const keptForMs = 1_000
const entriesMax = 10_000

/** At most 10,000 tokens; the oldest goes first. What is unknown is asked for each time. */
export class TokenCache {
  readonly #entries = new Map<string, { token: Token; untilMs: number }>()
  readonly #monotonicMs: () => number
  /** Grows with every `clear`: what was read before it is not kept after it. */
  #epoch = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  async get(text: string, select: () => Promise<Token | undefined>): Promise<Token | undefined> {
    const known = this.#entries.get(text)
    if (known && known.untilMs > this.#monotonicMs()) return known.token
    const epoch = this.#epoch
    const token = await select()
    if (token && epoch === this.#epoch) this.#keep(text, token)
    return token
  }

  /** For whoever changed what a token, an account or a role is. */
  clear(): void {
    this.#epoch++
    this.#entries.clear()
  }

  #keep(text: string, token: Token): void {
    this.#entries.delete(text)
    this.#entries.set(text, { token, untilMs: this.#monotonicMs() + keptForMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > entriesMax && oldest !== undefined) this.#entries.delete(oldest)
  }
}
