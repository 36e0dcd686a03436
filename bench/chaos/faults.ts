import { Array as Arr, Clock, Duration, Effect, Random, Ref } from "effect"
import { onConnection, queryServer, type StatementFailed } from "../../dev/stack/MySqlConnection.ts"
import type { ComponentFailed } from "../../dev/stack/StackFailure.ts"
import { type Fixture, workerLogin } from "./fixture.ts"

/** What may go wrong, by the name it has on the command line. */
export const faultNames = [
  "database-killed",
  "database-stopped",
  "database-read-only",
  "database-connections",
  "restate-killed",
  "worker-killed",
  "worker-paused"
] as const

export type FaultName = (typeof faultNames)[number]

export interface Healed {
  readonly fault: FaultName
  readonly at: number
}

type Strike = Effect.Effect<void, ComponentFailed | StatementFailed>

/** 0 to 2 s, as in the test of DBOS that this one is modelled on. */
const away = Effect.map(Random.nextIntBetween(0, 2001), Duration.millis)

/** How long a failover leaves a database without a writable primary. */
const failover = Duration.seconds(30)
/** Without this, MariaDB lets in one more than this many. */
const fewConnections = 10
const connections = 500

const strikes = ({ direct, mysql, restate, worker }: Fixture): Readonly<Record<FaultName, Strike>> => {
  const administer = (statement: string) => queryServer(direct, statement)
  const signalWorker = (signal: NodeJS.Signals) =>
    Effect.flatMap(worker.pid, (pid) => Effect.sync(() => process.kill(pid, signal)))
  return {
    "database-killed": Effect.flatMap(away, (time) => mysql.strike("SIGKILL", time)),
    "database-stopped": Effect.flatMap(away, (time) => mysql.strike("SIGTERM", time)),
    "database-read-only": Effect.gen(function* () {
      yield* administer("SET GLOBAL read_only = 1")
      yield* Effect.sleep(failover)
      yield* administer("SET GLOBAL read_only = 0")
    }),
    // On one connection: another might not be let in.
    "database-connections": onConnection(direct, (run) =>
      Effect.gen(function* () {
        yield* run(`SET GLOBAL max_connections = ${fewConnections}`)
        yield* run(`KILL CONNECTION USER '${workerLogin}'`)
        yield* Effect.sleep("10 seconds")
        yield* run(`SET GLOBAL max_connections = ${connections}`)
      })
    ),
    "restate-killed": Effect.flatMap(away, (time) => restate.strike("SIGKILL", time)),
    "worker-killed": Effect.gen(function* () {
      yield* worker.kill("SIGKILL")
      yield* Effect.sleep(yield* away)
      yield* worker.restart
    }),
    "worker-paused": Effect.gen(function* () {
      yield* signalWorker("SIGSTOP")
      yield* Effect.sleep("10 seconds")
      yield* signalWorker("SIGCONT")
    })
  }
}

export interface Faults {
  readonly healed: Effect.Effect<ReadonlyArray<Healed>>
  /** Fails when what was struck does not come back; ends, with everything up, some time after `stop`. */
  readonly run: Effect.Effect<void, ComponentFailed | StatementFailed>
  readonly stop: Effect.Effect<void>
}

/** One fault after the other, 5 to 10 s apart. */
export const rotate = Effect.fnUntraced(function* (fixture: Fixture, names: ReadonlyArray<FaultName>) {
  const healed = yield* Ref.make<ReadonlyArray<Healed>>([])
  const stopped = yield* Ref.make(names.length === 0)
  const byName = strikes(fixture)
  const next = Effect.gen(function* () {
    yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(5000, 10_001)))
    const fault = yield* Random.choice(names)
    yield* Effect.logInfo(fault)
    yield* byName[fault]
    const at = yield* Clock.currentTimeMillis
    yield* Ref.update(healed, Arr.append({ fault, at }))
  }).pipe(Effect.catchTag("NoSuchElementException", Effect.die))
  const faults: Faults = {
    healed: Ref.get(healed),
    // Not interrupted: what was struck is to be healed.
    run: Effect.repeat(Effect.asVoid(Effect.unless(next, () => names.length === 0)), { until: () => Ref.get(stopped) }),
    stop: Ref.set(stopped, true)
  }
  return faults
})

/** Loses the COMMIT or its answer of about one transaction in fifty, until it is interrupted. */
export const loseCommits = ({ proxy }: Fixture) =>
  Effect.gen(function* () {
    const before = yield* proxy.commits
    yield* Effect.repeat(Effect.sleep("50 millis"), {
      while: () => Effect.map(proxy.commits, (commits) => commits < before + 50)
    })
    yield* proxy.inject((yield* Random.nextBoolean) ? "lose-commit" : "lose-answer-to-commit")
  }).pipe(Effect.forever)
