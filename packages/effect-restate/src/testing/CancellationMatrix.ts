import { Cause, Effect, Exit } from "effect"
import { CallFailed } from "../operations/DurableError.ts"
import { differencesOf } from "./Difference.ts"
import { type Disturbance, disturb, failureOf, type MatrixFailed, type Scenario } from "./Disturbance.ts"
import { type CancelPlan, cancelAt, type JournalPoint, nameOf } from "./Fault.ts"

/** A journal point that an undisturbed run has reached. */
export interface ReachedPoint {
  readonly point: JournalPoint
  /** How often it had been reached before: a step that is retried reaches its points again. */
  readonly earlier: number
  /** The invocations that waited for the point's own to answer, the nearest first. */
  readonly callers: ReadonlyArray<string>
}

export interface CancellationOptions<A> {
  /**
   * What the story may end with beside what it ends with undisturbed: observations, or a function that says so of one that
   * is different, and may assert. Default: it fails as the call of a cancelled invocation does, with status 409.
   */
  readonly outcomes?: ReadonlyArray<A> | ((observation: A, undisturbed: A) => boolean)
  /**
   * Labels of the invocations that are cancelled at a point, each in a run of its own. Default: the one that has reached it,
   * and the outermost one that waits for it.
   */
  readonly of?: (reached: ReachedPoint) => ReadonlyArray<string>
  /** Whether it is repeated with every wait suspended, for the points before something happens. Default true. */
  readonly suspended?: boolean
}

export interface CancellationReport {
  /** How often a journal point was reached in the undisturbed run. */
  readonly points: number
  readonly runs: number
}

const itAndTheOutermost = ({ callers, point }: ReachedPoint): ReadonlyArray<string> => [
  point.invocation,
  ...callers.slice(-1)
]

/** Notes the points that a run reaches, and cancels nothing. */
export const noting = (): { readonly reached: ReadonlyArray<ReachedPoint>; readonly cancels: CancelPlan } => {
  const reached: Array<ReachedPoint> = []
  const times = new Map<string, number>()
  return {
    reached,
    cancels: (point, callers) => {
      const name = nameOf(point)
      const earlier = times.get(name) ?? 0
      times.set(name, earlier + 1)
      reached.push({ point, earlier, callers })
      return undefined
    }
  }
}

const isCancelled = (cause: Cause.Cause<unknown>): boolean => {
  const failure = Cause.failureOption(cause)
  return failure._tag === "Some" && failure.value instanceof CallFailed && failure.value.code === 409
}

/** How an observation differs from those which it may be: none when it is one of them, else from the one it is nearest to. */
const fromNearest = (allowed: ReadonlyArray<unknown>, observation: unknown): ReadonlyArray<string> =>
  allowed
    .map((outcome) => differencesOf(outcome, observation))
    .reduce((nearest, differences) => (differences.length < nearest.length ? differences : nearest))

const judged =
  <A, E>({ outcomes }: CancellationOptions<A>): Disturbance<E, A>["judge"] =>
  (outcome, undisturbed) => {
    if (Exit.isFailure(outcome))
      return outcomes === undefined && isCancelled(outcome.cause) ? [] : [failureOf(outcome.cause)]
    const listed = typeof outcomes === "function" || outcomes === undefined ? [] : outcomes
    const differences = fromNearest([undisturbed, ...listed], outcome.value)
    if (differences.length === 0 || typeof outcomes !== "function") return differences
    return outcomes(outcome.value, undisturbed) ? [] : differences
  }

/** The story with one of its invocations cancelled, once for each point and each invocation that is cancelled there. */
export const cancellationsAt = <A, E>(
  reached: ReadonlyArray<ReachedPoint>,
  options: CancellationOptions<A>
): ReadonlyArray<Disturbance<E, A>> => {
  const { of = itAndTheOutermost, suspended = true } = options
  const judge = judged<A, E>(options)
  return reached.flatMap((at) =>
    of(at).flatMap((label): ReadonlyArray<Disturbance<E, A>> => {
      const again = at.earlier === 0 ? "" : `, time ${at.earlier + 1}`
      const name = `cancelled ${label}: ${nameOf(at.point)}${again}`
      const once = { name, options: { cancels: cancelAt(at.point, at.earlier, label) }, judge }
      if (!suspended || at.point.phase !== "before") return [once]
      const suspending = { cancels: cancelAt(at.point, at.earlier, label), suspend: "always" as const }
      return [once, { name: `${name}, suspended at every wait`, options: suspending, judge }]
    })
  )
}

/**
 * Runs the scenario undisturbed, then once for every journal point it has reached with an invocation cancelled there, and
 * again with every wait suspended. Fails with each cancellation that led to an outcome which is neither the undisturbed one
 * nor one that the options allow: the work was left half done, or was undone half.
 */
export const cancellationMatrix = <A, E, R>(
  scenario: Scenario<E, R, A>,
  options: CancellationOptions<A> = {}
): Effect.Effect<CancellationReport, MatrixFailed | E, R> =>
  Effect.gen(function* () {
    const { cancels, reached } = noting()
    const undisturbed = yield* scenario({ cancels })
    const cancellations = cancellationsAt<A, E>(reached, options)
    yield* disturb(scenario, undisturbed, cancellations)
    return { points: reached.length, runs: cancellations.length + 1 }
  })
