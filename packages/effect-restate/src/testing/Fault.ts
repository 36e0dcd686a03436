import type { EntryKind } from "./Invocation.ts"

/**
 * Where a process can die relative to one journal entry. `before`: nothing has happened. `after-body`: the body of a
 * step has had its effect, which is recorded nowhere. `after-ack`: the entry is journaled, but the workflow has not seen it.
 */
export type Phase = "before" | "after-body" | "after-ack"

export interface JournalPoint {
  /** `service/key/handler#n`: the n-th invocation of that handler on that key. */
  readonly invocation: string
  readonly index: number
  readonly kind: EntryKind
  readonly name: string
  readonly phase: Phase
}

/** The point in words, without what happens there. */
export const nameOf = ({ index, invocation, kind, name, phase }: JournalPoint): string =>
  `${phase} ${invocation} entry ${index} (${name === "" ? kind : `${kind} ${name}`})`

/** Asked at every point that is reached for the first time or again; true kills the attempt there. */
export type FaultPlan = (point: JournalPoint) => boolean

export const noFaults: FaultPlan = () => false

const samePoint = (a: JournalPoint, b: JournalPoint): boolean =>
  a.invocation === b.invocation && a.index === b.index && a.phase === b.phase

/** Kills once at each of the points. */
export const crashAt = (...points: ReadonlyArray<JournalPoint>): FaultPlan => {
  const left = [...points]
  return (point) => {
    const index = left.findIndex((candidate) => samePoint(candidate, point))
    if (index < 0) return false
    left.splice(index, 1)
    return true
  }
}

/**
 * Asked at every point that is reached, with the labels of the invocations that wait for the point's own, the nearest first.
 * Answers with the label of the invocation that is cancelled there, if one is.
 */
export type CancelPlan = (point: JournalPoint, callers: ReadonlyArray<string>) => string | undefined

/** Cancels the invocation of this label once, when the point is reached after it was reached `earlier` times. */
export const cancelAt = (point: JournalPoint, earlier: number, label: string): CancelPlan => {
  let left = earlier
  return (candidate) => (samePoint(candidate, point) && left-- === 0 ? label : undefined)
}
