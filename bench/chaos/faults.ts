import { Array as Arr, Clock, Duration, Effect, Option, Random, Ref } from "effect"
import { onConnection, queryServer, type StatementFailed } from "../../dev/stack/MySqlConnection.ts"
import type { ComponentFailed } from "../../dev/stack/StackFailure.ts"
import { workerLogin } from "./database.ts"
import type { Fixture, RestateVictim } from "./fixture.ts"

/** What may go wrong, by the name it has on the command line. */
export const faultNames = [
  "database-killed",
  "database-stopped",
  "database-read-only",
  "database-connections",
  "replica-killed",
  "restate-killed",
  "restate-paused",
  "restate-cut-off",
  "worker-killed",
  "worker-paused"
] as const

export type FaultName = (typeof faultNames)[number]

export interface Healed {
  readonly fault: FaultName
  readonly struckAt: number
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
const pauseTime = "10 seconds"

/** Faults of what is there only beside a cluster. */
export const clusterFaults: ReadonlyArray<FaultName> = ["replica-killed", "restate-cut-off"]

/** Stops all threads of a process without ending it, as a machine does that swaps or is moved. */
export const pause = (pid: Effect.Effect<number>) =>
  Effect.gen(function* () {
    const paused = yield* pid
    yield* Effect.sync(() => process.kill(paused, "SIGSTOP"))
    yield* Effect.sleep(pauseTime)
    yield* Effect.sync(() => process.kill(paused, "SIGCONT"))
  })

/** No other server reaches this one; what it has opened to others itself stays open. */
export const cutOff = ({ reachedBy }: RestateVictim) =>
  Option.match(reachedBy, {
    onNone: () => Effect.void,
    onSome: ({ close, open }) => close.pipe(Effect.zipRight(Effect.sleep(pauseTime)), Effect.zipRight(open))
  })

const strikes = ({ direct, mysql, replica, restate, workers }: Fixture): Readonly<Record<FaultName, Strike>> => {
  const administer = (statement: string) => queryServer(direct, statement)
  const server = Effect.orDie(Random.choice(restate))
  const worker = Random.choice(workers)
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
    "replica-killed": Option.match(replica, {
      onNone: () => Effect.void,
      onSome: (it) => Effect.flatMap(away, (time) => it.strike("SIGKILL", time))
    }),
    "restate-killed": Effect.flatMap(Effect.all([server, away]), ([it, time]) => it.strike("SIGKILL", time)),
    "restate-paused": Effect.flatMap(server, ({ pid }) => pause(pid)),
    "restate-cut-off": Effect.flatMap(server, cutOff),
    "worker-killed": Effect.gen(function* () {
      const killed = yield* worker
      yield* killed.kill("SIGKILL")
      yield* Effect.sleep(yield* away)
      yield* killed.restart
    }),
    "worker-paused": Effect.flatMap(worker, ({ pid }) => pause(pid))
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
    const struckAt = yield* Clock.currentTimeMillis
    yield* byName[fault]
    const at = yield* Clock.currentTimeMillis
    yield* Ref.update(healed, Arr.append({ fault, struckAt, at }))
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
