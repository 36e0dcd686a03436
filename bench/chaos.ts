import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { Array as Arr, Duration, Effect, Fiber, Option, Random, RateLimiter, Schema } from "effect"
import { runCommand } from "../dev/stack/Command.ts"
import { RunDirectoryLive } from "../dev/stack/RunDirectory.ts"
import { clusterFaults, type FaultName, faultNames, loseCommits, rotate } from "./chaos/faults.ts"
import { fixture, neighbours } from "./chaos/fixture.ts"
import { count, installLedger } from "./chaos/ledger.ts"
import { type Expected, load, loadFor, seedProjects } from "./chaos/load.ts"
import { unfinishedAt } from "./chaos/unfinished.ts"
import { findProblems, recoveries } from "./chaos/verdict.ts"
import { watchVitals } from "./chaos/vitals.ts"
import { quantile } from "./statistics.ts"

const { values } = parseArgs({
  options: {
    /** Deploys, promotions and rollbacks in all. */
    commands: { type: "string", default: "5000" },
    /** Minutes. Commands without end for so long instead, and at the end how the worker's memory went: with --faults none a soak. */
    soak: { type: "string" },
    /** Commands a second at most, of all callers together. Without it each caller sends as soon as it has an answer. */
    rate: { type: "string" },
    /** Each is driven by a caller of its own, one command at a time. */
    projects: { type: "string", default: "40" },
    /** Chooses commands, faults and their times; what the processes make of it is their own. */
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    /** Restate servers; more than one are a cluster with two copies of everything. */
    nodes: { type: "string", default: "1" },
    workers: { type: "string", default: "1" },
    /** Names of faults, separated by commas; none for none. Default: all that this many servers can have. */
    faults: { type: "string" },
    /** Also fail one write in ten with 1213 or 1205, and lose the COMMIT or its answer of one transaction in fifty. */
    writes: { type: "boolean", default: false }
  }
})

class ChaosFailed extends Schema.TaggedError<ChaosFailed>()("ChaosFailed", { problems: Schema.Array(Schema.String) }) {
  override get message(): string {
    return this.problems.join("\n")
  }
}

const isFault = Schema.is(Schema.Literal(...faultNames))
const nodes = Number(values.nodes)
const faults =
  values.faults?.split(",").filter((name): name is FaultName => isFault(name)) ??
  faultNames.filter((name) => nodes > 1 || !clusterFaults.includes(name))
const commands = Number(values.commands)
const soak = Option.map(Option.fromNullable(values.soak), (minutes) => Duration.minutes(Number(minutes)))

/** Commands after the last fault, for each project: what was struck must work again. */
const tail = 5

/** Ends when the next command may be sent. */
const makeTurn = Option.match(Option.fromNullable(values.rate), {
  onNone: () => Effect.succeed(Effect.void),
  onSome: (rate) =>
    Effect.map(RateLimiter.make({ limit: 1, interval: Duration.seconds(1 / Number(rate)) }), (limit) =>
      limit(Effect.void)
    )
})

const commandsFor = (projects: ReadonlyArray<Expected>, turn: Effect.Effect<void>) =>
  Option.match(soak, {
    onNone: () => load(projects, commands, turn),
    onSome: (minutes) => loadFor(projects, minutes, turn)
  })

const run = Effect.gen(function* () {
  const stage = yield* fixture({ nodes, workers: Number(values.workers) })
  const problems = yield* Effect.gen(function* () {
    yield* installLedger({ deadlocks: values.writes })
    const nemesis = yield* rotate(stage, faults)
    const commits = yield* Effect.forkScoped(Effect.when(loseCommits(stage), () => values.writes))
    const projects = yield* seedProjects(Number(values.projects))
    const vitals = yield* watchVitals(Arr.headNonEmpty(stage.workers).metrics)
    const startedAt = performance.now()
    const [[outcome, seconds]] = yield* Effect.all(
      [
        Effect.map(
          commandsFor(projects, yield* makeTurn),
          (it) => [it, (performance.now() - startedAt) / 1000] as const
        ).pipe(Effect.zipLeft(nemesis.stop)),
        nemesis.run
      ],
      { concurrency: "unbounded" }
    )
    yield* Fiber.interrupt(commits)
    const healed = yield* nemesis.healed
    const seen = yield* vitals.report
    const waits = (from: "struckAt" | "at") => {
      const millis = recoveries(healed, from, outcome)
      return millis.length === 0 ? "none" : `p50 ${quantile(millis, 0.5)} ms, p99 ${quantile(millis, 0.99)} ms`
    }
    const millis = outcome.done.map((it) => it.millis)
    yield* Effect.logInfo(
      [
        `${outcome.done.length} commands answered as expected, ${outcome.wrong.length} not, in ${seconds.toFixed(0)} s`,
        `${healed.length} faults, ${yield* count("SELECT COUNT(*) AS n FROM chaos_faults")} writes failed`,
        `latency p50 ${quantile(millis, 0.5)} ms, p99 ${quantile(millis, 0.99)} ms`,
        `next answer after the beginning of a fault: ${waits("struckAt")}; after its end: ${waits("at")}`,
        `seed ${values.seed}`
      ].join("; ")
    )
    if (Option.isSome(soak)) yield* Effect.logInfo(seen)
    const last = yield* load(outcome.expected, tail * projects.length)
    const wrong = [...outcome.wrong, ...last.wrong]
    return yield* findProblems({ ...last, wrong }, unfinishedAt(stage.restateAdmin))
  }).pipe(Effect.provide(neighbours(stage)))
  if (problems.length > 0) return yield* new ChaosFailed({ problems })
  yield* Effect.logInfo("Nothing lost, nothing done twice, nothing stuck.")
})

run.pipe(Effect.scoped, Effect.withRandom(Random.make(values.seed)), Effect.provide(RunDirectoryLive), runCommand)
