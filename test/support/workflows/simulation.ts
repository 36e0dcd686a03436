import { assert } from "@effect/vitest"
import { Duration, Effect, Random } from "effect"
import type { FaultPlan, Invocation } from "effect-restate/testing"
import { type Fate, MemoryBuilder, type MemoryBuilderOptions } from "../memory/MemoryBuilder.ts"
import { namesOf, seedProject } from "../memory/seeds.ts"
import { runningNow, slotsInUse } from "./builds.ts"
import { buildsAtOnce, ControlPlane, type ControlPlaneOptions, on, type Services } from "./ControlPlane.ts"
import { submitChange, submitDeploy, submitFromGit, submitPromote, submitRollback } from "./commands.ts"
import { type History, holdsAlways, holdsAtTheEnd } from "./invariants.ts"
import { type Start, type StartOf, startsSoon } from "./Krane.ts"
import { rows, traffic } from "./queries.ts"
import { pending } from "./seeds.ts"

/** One in so many journal points is where the process dies. */
const crashEvery = 60

/** A generator of its own for everything that is asked in an order of the engine's: faults and the fate of deployments. */
export const dice = (seed: number) => {
  let state = (seed % 2147483646) + 1
  return (sides: number): number => {
    state = (state * 48271) % 2147483647
    return state % sides
  }
}

export const randomFaults = (seed: number, every = crashEvery): FaultPlan => {
  const roll = dice(seed)
  return () => roll(every) === 0
}

const fates: ReadonlyArray<Start> = [
  startsSoon,
  { after: "300 millis", status: "running" },
  { after: "19300 millis", status: "running" },
  { after: "4 minutes", status: "running" },
  { after: "1300 millis", status: "failed" },
  { after: "1 hour", status: "running" }
]

/** Most deployments start; the same one always behaves the same in a region. */
export const randomFate = (seed: number): StartOf => {
  const known = new Map<string, Start>()
  const roll = dice(seed + 1)
  return ({ deploymentId, region }) => {
    const place = `${deploymentId} ${region}`
    const fate = known.get(place) ?? fates[Math.max(0, roll(24) - 18)] ?? startsSoon
    known.set(place, fate)
    return fate
  }
}

const buildFates: ReadonlyArray<Fate> = [
  { takes: "4300 millis", ends: "succeeds" },
  { takes: "95500 millis", ends: "succeeds" },
  { takes: "7300 millis", ends: "vanishes" },
  { takes: "2300 millis", ends: { kind: "command_failed", message: "npm test failed" } },
  { takes: "3 hours", ends: "succeeds" }
]

/** A builder whose builds are quick, slow, lost, broken or endless. */
export const randomBuilds = (seed: number): MemoryBuilderOptions => {
  const roll = dice(seed + 2)
  return { fateOf: () => buildFates[Math.max(0, roll(12) - 7)] ?? buildFates[0] ?? { takes: 1, ends: "succeeds" } }
}

const oneOf = <A>(values: ReadonlyArray<A>): Effect.Effect<A | undefined> =>
  Effect.map(Random.nextIntBetween(0, Math.max(1, values.length)), (index) => values[index])

/** A project under way: what a user or a timer could do next. */
interface Project extends History {
  readonly deployments: Array<string>
  /** Those of them that are built from git; none where there is no builder. */
  readonly fromGit: Set<string>
  readonly hasBuilder: boolean
}

type Action = (project: Project) => Effect.Effect<unknown, unknown, Services>

const ask = (project: Project, submitted: Effect.Effect<Invocation, unknown, Services>) =>
  Effect.map(submitted, (invocation) => project.asked.push(invocation))

const submitAs = ({ fromGit }: Project, id: string) => (fromGit.has(id) ? submitFromGit(id) : submitDeploy(id))

const deployNext: Action = (project) =>
  Effect.gen(function* () {
    const nth = project.deployments.length + 1
    const id = `d_${String(nth).padStart(2, "0")}`
    const environment = (yield* Random.nextIntBetween(0, 4)) === 0 ? { environment_id: namesOf("shop").previewId } : {}
    yield* pending(id, nth, { git_branch: "main", ...environment })
    project.deployments.push(id)
    if (project.hasBuilder && (yield* Random.nextIntBetween(0, 4)) > 0) project.fromGit.add(id)
    yield* ask(project, submitAs(project, id))
  })

/** The same deployment once more, as a caller does who did not see the answer. */
const deployAgain: Action = (project) =>
  Effect.flatMap(oneOf(project.deployments), (id = "d_none") => ask(project, submitAs(project, id)))

/** Mostly a deployment that can be switched to, sometimes any. */
const candidate = (project: Project) =>
  Effect.gen(function* () {
    const ready = (yield* rows).deployments.filter((row) => row.status === "ready").map(({ id }) => id)
    const isSensible = ready.length > 0 && (yield* Random.nextIntBetween(0, 5)) > 0
    return (yield* oneOf(isSensible ? ready : project.deployments)) ?? "d_none"
  })

const promoteSome: Action = (project) => Effect.flatMap(candidate(project), (id) => ask(project, submitPromote(id)))

const rollBack: Action = (project) =>
  Effect.gen(function* () {
    const { live } = yield* traffic()
    const to = yield* candidate(project)
    yield* ask(project, submitRollback(live ?? "d_none", to))
  })

const cancelSome: Action = (project) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const invocation = yield* oneOf(project.asked.filter(({ result }) => result === undefined))
    if (invocation !== undefined) engine.cancel(invocation.id)
  })

const stopSome: Action = (project) =>
  Effect.gen(function* () {
    const id = (yield* oneOf(project.deployments)) ?? "d_none"
    // Only deployments that are ready are ever put on standby by others, as the scale-down of idle previews does.
    const isReady = (yield* rows).deployments.some((row) => row.id === id && row.status === "ready")
    if (!isReady) return
    yield* submitChange(id, { delayMillis: (yield* oneOf([0, 60_000])) ?? 0, state: "standby" })
  })

const killWorker: Action = () => Effect.map(ControlPlane, ({ engine }) => engine.crash())

const wait: Action = () =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* engine.advance((yield* oneOf([100, 1000, 2000, 5000, 60_000, 1_800_000])) ?? 0)
  })

const actions: ReadonlyArray<Action> = [
  deployNext,
  deployAgain,
  deployNext,
  deployNext,
  promoteSome,
  promoteSome,
  rollBack,
  cancelSome,
  stopSome,
  killWorker,
  wait,
  wait,
  wait,
  wait
]

/** No build runs or waits any more, and there never were more builds than slots. */
const noBuildIsLeft = Effect.gen(function* () {
  assert.deepStrictEqual(yield* slotsInUse(), {})
  assert.deepStrictEqual(yield* runningNow, [])
  assert.isAtMost((yield* MemoryBuilder).peakOf("ws_shop"), buildsAtOnce)
})

/** After which commands days pass, and how many: all days at one place, or few at many. */
const randomDays = ({ commands, days }: Length) =>
  Effect.gen(function* () {
    const places = yield* Effect.replicateEffect(
      Random.nextIntBetween(0, commands),
      yield* Random.nextIntBetween(1, days + 1)
    )
    const after = new Map<number, number>()
    for (let day = 0; day < days; day++) {
      const place = (yield* oneOf(places)) ?? 0
      after.set(place, (after.get(place) ?? 0) + 1)
    }
    return after
  })

const live = (length: Length, hasBuilder: boolean) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const days = yield* randomDays(length)
    const project: Project = { deployments: [], fromGit: new Set(), hasBuilder, asked: [], wereLive: new Set() }
    yield* seedProject("shop", { regions: { eu: 1, us: 1 } })
    for (let command = 0; command < length.commands; command++) {
      const action = (yield* oneOf(actions)) ?? wait
      yield* action(project)
      const passing = days.get(command)
      if (passing !== undefined) yield* engine.advance(Duration.days(passing))
      // Without a pause the next command meets this one half-way.
      if (yield* Random.nextBoolean) continue
      yield* engine.settle
      yield* holdsAlways(project)
    }
    yield* engine.drain
    yield* holdsAlways(project)
    yield* holdsAtTheEnd(project)
    yield* noBuildIsLeft
  })

/** How long a simulated project lives. */
export interface Length {
  readonly commands: number
  /** Whole days that pass between commands, in virtual time. */
  readonly days: number
}

/** One project's life under random commands, fates and crashes: a function of the seed. Dies when an invariant breaks. */
export const simulate = (seed: number, length: Length, options: ControlPlaneOptions = {}) =>
  live(length, options.builder !== undefined).pipe(
    on({ faults: randomFaults(seed), startOf: randomFate(seed), shuffleSeed: seed, ...options }),
    Effect.withRandom(Random.make(seed))
  )
