import { Effect } from "effect"
import { type CancellationOptions, cancellationsAt, noting } from "./CancellationMatrix.ts"
import { type Disturbance, disturb, type MatrixFailed, mustNotChange, type Scenario } from "./Disturbance.ts"
import { crashAt, type JournalPoint, nameOf } from "./Fault.ts"
import type { MemoryRestateOptions } from "./MemoryRestate.ts"

export interface MatrixReport {
  readonly points: ReadonlyArray<JournalPoint>
  readonly runs: number
}

export interface MatrixOptions<A = unknown> {
  /** Also delivers every command twice. Leave out where a second delivery is refused by design and changes the answer. */
  readonly duplicates?: boolean
  /** Whether it is killed at this point in a run of its own. Default at all. Leave out what another scenario is killed at. */
  readonly kills?: (point: JournalPoint) => boolean
  /** Also kills twice in one run, at this many pairs of points spread evenly; it may depend on how many points there are. Default 0. */
  readonly pairs?: number | ((points: number) => number)
  /** How many of the kills before an entry are repeated with every wait suspended, spread evenly over the points. Default all. */
  readonly suspendedKills?: number
  /** Also cancels at every point, and says what the story may end with then. Left out: nothing is cancelled. */
  readonly cancelled?: CancellationOptions<A>
}

/** A disturbance that must not change the outcome. */
interface Harmless {
  readonly name: string
  readonly options: MemoryRestateOptions
}

const killed = (point: JournalPoint): string => `killed ${nameOf(point)}`

const pairsOf = (points: ReadonlyArray<JournalPoint>, wanted: number): ReadonlyArray<Harmless> => {
  const total = points.length * points.length
  const stride = Math.max(1, Math.floor(total / Math.max(1, wanted)))
  return Array.from({ length: Math.min(wanted, total) }, (_, index) => index * stride).flatMap((at) => {
    const first = points[Math.floor(at / points.length)]
    const second = points[at % points.length]
    if (first === undefined || second === undefined) return []
    return [{ name: `${killed(first)} and ${killed(second)}`, options: { faults: crashAt(first, second) } }]
  })
}

/** At most so many of them, spread evenly. */
const spread = <A>(all: ReadonlyArray<A>, most: number): ReadonlyArray<A> => {
  const wanted = Math.min(most, all.length)
  const share = (at: number) => Math.floor((at * wanted) / all.length)
  return all.filter((_, at) => share(at) !== share(at - 1))
}

const harmlessOnes = (
  points: ReadonlyArray<JournalPoint>,
  {
    duplicates = false,
    kills = () => true,
    pairs = 0,
    suspendedKills = Number.POSITIVE_INFINITY
  }: Omit<MatrixOptions, "cancelled">
): ReadonlyArray<Harmless> => [
  ...points.filter(kills).map((point) => ({ name: killed(point), options: { faults: crashAt(point) } })),
  ...spread(
    points.filter(({ phase }) => phase === "before"),
    suspendedKills
  ).map((point) => ({
    name: `${killed(point)}, suspended at every wait`,
    options: { faults: crashAt(point), suspend: "always" as const }
  })),
  { name: "suspended at every wait", options: { suspend: "always" } },
  ...[1, 2, 3].map((shuffleSeed) => ({
    name: `completions shuffled with seed ${shuffleSeed}`,
    options: { shuffleSeed }
  })),
  ...(duplicates
    ? (["concurrent", "sequential"] as const).map((duplicate) => ({
        name: `every command delivered twice, ${duplicate}`,
        options: { duplicate }
      }))
    : []),
  ...pairsOf(points, typeof pairs === "number" ? pairs : pairs(points.length))
]

/**
 * Runs the scenario undisturbed, notes every journal point it reaches, then once for each disturbance: killed before,
 * after the body and after the acknowledgement of every entry of every invocation, suspended at every wait, completions
 * shuffled, commands delivered twice, and, when asked for, cancelled. Fails with every disturbance that changed the
 * observation, or led a cancellation to an outcome that is not allowed. Points come from the run itself, so a new step is
 * covered without anyone listing it.
 */
export const crashMatrix = <A, E, R>(
  scenario: Scenario<E, R, A>,
  options: MatrixOptions<A> = {}
): Effect.Effect<MatrixReport, MatrixFailed | E, R> =>
  Effect.gen(function* () {
    const { cancels, reached } = noting()
    const undisturbed = yield* scenario({ cancels })
    const points = reached.filter(({ earlier }) => earlier === 0).map(({ point }) => point)
    const harmless = harmlessOnes(points, options).map((it): Disturbance<E, A> => ({ ...it, judge: mustNotChange }))
    const cancellations = options.cancelled === undefined ? [] : cancellationsAt<A, E>(reached, options.cancelled)
    const disturbances = [...harmless, ...cancellations]
    yield* disturb(scenario, undisturbed, disturbances)
    return { points, runs: disturbances.length + 1 }
  })
