import { Effect, Schema } from "effect"
import { differencesOf } from "./Difference.ts"
import { crashAt, type JournalPoint } from "./Fault.ts"
import type { MemoryRestateOptions } from "./MemoryRestate.ts"

/**
 * A whole story on a fresh world: build services and engine with these options, send commands, and answer with
 * everything that must not depend on crashes: final rows, state, and how often each outside effect happened.
 */
export type Scenario<E, R> = (options: MemoryRestateOptions) => Effect.Effect<unknown, E, R>

/** The disturbances that led to another observation than the undisturbed run. */
export class MatrixFailed extends Schema.TaggedError<MatrixFailed>()("MatrixFailed", {
  disturbed: Schema.Array(Schema.Struct({ disturbance: Schema.String, differences: Schema.Array(Schema.String) }))
}) {
  override get message(): string {
    const lines = this.disturbed.map(({ disturbance, differences }) => [disturbance, ...differences].join("\n  "))
    return `${this.disturbed.length} disturbances changed the outcome:\n${lines.join("\n")}`
  }
}

export interface MatrixReport {
  readonly points: ReadonlyArray<JournalPoint>
  readonly runs: number
}

export interface MatrixOptions {
  /** Also delivers every command twice. Leave out where a second delivery is refused by design and changes the answer. */
  readonly duplicates?: boolean
  /** Also kills twice in one run, at this many pairs of points spread evenly; it may depend on how many points there are. Default 0. */
  readonly pairs?: number | ((points: number) => number)
}

interface Disturbance {
  readonly name: string
  readonly options: MemoryRestateOptions
}

const nameOf = (point: JournalPoint): string =>
  `killed ${point.phase} ${point.invocation} entry ${point.index} (${point.kind} ${point.name})`

const pointsOf = <E, R>(scenario: Scenario<E, R>) =>
  Effect.suspend(() => {
    const points = new Map<string, JournalPoint>()
    const observePoint = (point: JournalPoint) => points.set(nameOf(point), point)
    return Effect.map(scenario({ observePoint }), (observation) => ({ observation, points: [...points.values()] }))
  })

const pairsOf = (points: ReadonlyArray<JournalPoint>, wanted: number): ReadonlyArray<Disturbance> => {
  const total = points.length * points.length
  const stride = Math.max(1, Math.floor(total / Math.max(1, wanted)))
  return Array.from({ length: Math.min(wanted, total) }, (_, index) => index * stride).flatMap((at) => {
    const first = points[Math.floor(at / points.length)]
    const second = points[at % points.length]
    if (first === undefined || second === undefined) return []
    return [{ name: `${nameOf(first)} and ${nameOf(second)}`, options: { faults: crashAt(first, second) } }]
  })
}

const disturbancesOf = (
  points: ReadonlyArray<JournalPoint>,
  { duplicates = false, pairs = 0 }: MatrixOptions
): ReadonlyArray<Disturbance> => [
  ...points.map((point) => ({ name: nameOf(point), options: { faults: crashAt(point) } })),
  ...points
    .filter((point) => point.phase === "before")
    .map((point) => ({
      name: `${nameOf(point)}, suspended at every wait`,
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
 * shuffled, commands delivered twice. Fails with every disturbance that changed the observation. Points come from the
 * run itself, so a new step is covered without anyone listing it.
 */
export const crashMatrix = <E, R>(
  scenario: Scenario<E, R>,
  options: MatrixOptions = {}
): Effect.Effect<MatrixReport, MatrixFailed | E, R> =>
  Effect.gen(function* () {
    const { observation, points } = yield* pointsOf(scenario)
    const disturbances = disturbancesOf(points, options)
    const outcomes = yield* Effect.forEach(disturbances, ({ name, options: disturbed }) =>
      Effect.map(Effect.either(scenario(disturbed)), (outcome) => {
        const failed = outcome._tag === "Left" ? [`the scenario failed: ${String(outcome.left)}`] : []
        const differences = outcome._tag === "Right" ? differencesOf(observation, outcome.right) : failed
        return { disturbance: name, differences }
      })
    )
    const disturbed = outcomes.filter(({ differences }) => differences.length > 0)
    if (disturbed.length > 0) return yield* new MatrixFailed({ disturbed })
    return { points, runs: disturbances.length + 1 }
  })
