import type { Invocation } from "./Invocations.ts"
import type { Trouble } from "./wayOut.ts"

/** An invocation that a person should look at. */
export interface Finding {
  readonly invocation: Invocation
  readonly trouble: Trouble
  /** Unix milliseconds. */
  readonly since: number
  /** How many wait for the key that it holds. */
  readonly waiting: number
}

/** What was said about an invocation, so that it is not said at every look. */
export interface Remembered {
  readonly finding: Finding
  /** Unix milliseconds. */
  readonly saidAt: number
}
export type Memory = ReadonlyMap<string, Remembered>

export interface Reports {
  /** To be said now: seen for the first time, in another trouble than before, or not mentioned for an hour. */
  readonly findings: ReadonlyArray<Finding>
  /** No longer in any trouble. */
  readonly recovered: ReadonlyArray<Finding>
  readonly memory: Memory
}

export const repeatMillis = 60 * 60_000

/**
 * What to say about one look. `isWhole` is false when the look did not show everything there is: then whatever it did not
 * show may still be there, and nothing has recovered.
 */
export const planReports = (memory: Memory, found: ReadonlyArray<Finding>, now: number, isWhole: boolean): Reports => {
  const seen = new Map(found.map((finding) => [finding.invocation.id, finding]))
  const findings = [...seen.values()].filter(({ invocation, trouble }) => {
    const before = memory.get(invocation.id)
    return before === undefined || before.finding.trouble !== trouble || now - before.saidAt >= repeatMillis
  })
  const said = new Set(findings)
  const gone = [...memory].filter(([id]) => !seen.has(id))
  return {
    findings,
    recovered: isWhole ? gone.map(([, { finding }]) => finding) : [],
    memory: new Map([
      ...(isWhole ? [] : gone),
      ...[...seen].map(([id, finding]): [string, Remembered] => [
        id,
        { finding, saidAt: said.has(finding) ? now : (memory.get(id)?.saidAt ?? now) }
      ])
    ])
  }
}
