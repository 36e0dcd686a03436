import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Layer, Logger, Ref, Scope, TestClock } from "effect"
import { cuttingProxy } from "../../../dev/simulators/CuttingProxy.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { type BuildRuns, type BuildTask, makeBuildRuns } from "../../../src/layers/builder/BuildRuns.ts"
import { BuildLedgerLive } from "../../../src/layers/mysql/BuildLedgerLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import type { BuildOutcome } from "../../../src/services/builds/Builder.ts"
import { BuildLedger, cancelledOutcome } from "../../../src/services/builds/BuildLedger.ts"
import { DbError, type DbFailure } from "../../../src/services/Db.ts"
import { makeMemoryBuildLedger } from "../../support/memory/MemoryBuildLedger.ts"
import { isFull } from "../../support/size.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { freshPools, poolOptions, quietly } from "../mysql/MysqlWorld.ts"

const options = {
  maxDuration: Duration.hours(1),
  lease: Duration.seconds(30),
  renewEvery: Duration.seconds(2),
  retention: Duration.days(1)
}
const quiet = Logger.remove(Logger.defaultLogger)
const settled = Effect.yieldNow().pipe(Effect.repeatN(50))

const succeeded: BuildOutcome = {
  _tag: "Succeeded",
  image: "r/i:t",
  digest: "sha256:d",
  externalBuildId: null,
  depotProjectId: null
}

/** Counts running builds and their maximum; each runs until it is ended. */
const makeSite = Effect.gen(function* () {
  const ending = yield* Deferred.make<BuildOutcome>()
  const seen = { begun: 0, running: 0, most: 0 }
  const work: BuildTask = (report) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        seen.begun += 1
        seen.running += 1
        seen.most = Math.max(seen.most, seen.running)
      }),
      () =>
        Effect.zipRight(
          Effect.sync(() => report("[1/2] RUN make")),
          Deferred.await(ending)
        ),
      () =>
        Effect.sync(() => {
          seen.running -= 1
        })
    )
  return { seen, work, finish: Deferred.succeed(ending, succeeded) }
})

/** A database that can be made unavailable. */
const withOutages = (ledger: BuildLedger["Type"]) =>
  Effect.map(Ref.make(false), (isAway) => {
    const guard = <A>(effect: Effect.Effect<A, DbFailure>) =>
      Effect.flatMap(Ref.get(isAway), (away) =>
        away ? Effect.fail(new DbError({ operation: "BuildLedger", reason: "connection" })) : effect
      )
    const guarded = BuildLedger.of({
      claim: (lease) => guard(ledger.claim(lease)),
      renew: (lease) => guard(ledger.renew(lease)),
      recordExternalId: (note) => guard(ledger.recordExternalId(note)),
      recordOutcome: (ended) => guard(ledger.recordOutcome(ended)),
      release: (hold) => guard(ledger.release(hold)),
      requestCancel: (buildId) => guard(ledger.requestCancel(buildId)),
      state: (buildId) => guard(ledger.state(buildId)),
      deleteExpired: (retention) => guard(ledger.deleteExpired(retention))
    })
    return { ledger: guarded, goes: Ref.set(isAway, true), comesBack: Ref.set(isAway, false) }
  })

describe("several workers on one ledger", () => {
  it.scoped("any worker tells what a build of another one does, and its outcome", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const [here, there] = yield* Effect.all([makeBuildRuns(ledger, options), makeBuildRuns(ledger, options)])
      const { finish, seen, work } = yield* makeSite
      yield* Effect.all([here.start("a", work), there.start("a", work)])
      yield* settled
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* there.poll("a"), { _tag: "Running", detail: "[1/2] RUN make" })
      assert.isTrue(yield* there.isKnown("a"))
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* there.poll("a"))._tag, "Running", "the lease is renewed for as long as it runs")
      yield* finish
      yield* settled
      assert.deepStrictEqual(yield* there.poll("a"), succeeded)
      assert.strictEqual(seen.begun, 1)
    })
  )

  it.scoped("a build that is cancelled at another worker stops within two seconds where it runs", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const [here, there] = yield* Effect.all([makeBuildRuns(ledger, options), makeBuildRuns(ledger, options)])
      const { seen, work } = yield* makeSite
      yield* here.start("a", work)
      yield* settled
      yield* there.cancel("a")
      yield* TestClock.adjust("2 seconds")
      yield* settled
      assert.strictEqual(seen.running, 0)
      yield* there.start("a", work)
      assert.deepStrictEqual(yield* here.poll("a"), cancelledOutcome)
      assert.strictEqual(seen.begun, 1)
    })
  )

  it.scoped("a worker that stops gives its builds back: the next one takes them at once", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const scope = yield* Scope.make()
      const here = yield* Effect.provide(makeBuildRuns(ledger, options), Context.make(Scope.Scope, scope))
      const there = yield* makeBuildRuns(ledger, options)
      const { seen, work } = yield* makeSite
      yield* here.start("a", work)
      yield* settled
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* there.poll("a"), { _tag: "Unknown" })
      yield* there.start("a", work)
      yield* settled
      assert.deepInclude(seen, { begun: 2, most: 1 })
    })
  )

  it.scoped("a worker that dies loses its build when its lease ends, not before, whatever its own clock said", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const there = yield* makeBuildRuns(ledger, options)
      const { seen, work } = yield* makeSite
      // Only its claim is left, and its clock was decades ahead of the ledger's.
      yield* inRealTime(ledger.claim({ buildId: "a", owner: "dead", duration: options.lease, detail: "" }))
      yield* TestClock.adjust("29 seconds")
      yield* there.start("a", work)
      yield* settled
      assert.strictEqual(seen.begun, 0)
      assert.strictEqual((yield* there.poll("a"))._tag, "Running")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* there.poll("a"), { _tag: "Unknown" })
      yield* there.start("a", work)
      yield* settled
      assert.strictEqual(seen.begun, 1)
    })
  )

  it.scoped("a worker whose build was taken over stops it, and what it still says is not heard", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const { seen, work } = yield* makeSite
      const here = yield* makeBuildRuns(
        { ...ledger, claim: (it) => ledger.claim({ ...it, duration: Duration.zero }) },
        options
      )
      yield* here.start("a", work)
      yield* settled
      yield* ledger.claim({ buildId: "a", owner: "new", duration: options.lease, detail: "new" })
      yield* TestClock.adjust("2 seconds")
      yield* settled
      assert.strictEqual(seen.running, 0)
      assert.deepStrictEqual(yield* here.poll("a"), { _tag: "Running", detail: "new" })
    }).pipe(Effect.provide(quiet))
  )

  it.scoped("a database that comes back within the lease costs no build", () =>
    Effect.gen(function* () {
      const database = yield* Effect.flatMap(makeMemoryBuildLedger, withOutages)
      const runs = yield* makeBuildRuns(database.ledger, options)
      const { finish, seen, work } = yield* makeSite
      yield* runs.start("a", work)
      yield* settled
      yield* database.goes
      yield* TestClock.adjust("20 seconds")
      assert.include(yield* Effect.flip(runs.poll("a")), { _tag: "BuilderUnavailable", operation: "poll" })
      assert.include(yield* Effect.flip(runs.cancel("a")), { _tag: "BuilderUnavailable", operation: "cancel" })
      assert.strictEqual(seen.running, 1)
      yield* database.comesBack
      yield* TestClock.adjust("2 minutes")
      yield* database.goes
      yield* finish
      yield* settled
      yield* TestClock.adjust("1 minute")
      yield* database.comesBack
      yield* TestClock.adjust("2 seconds")
      yield* settled
      assert.deepStrictEqual(yield* runs.poll("a"), succeeded, "an outcome waits for the database")
      assert.strictEqual(seen.begun, 1)
    })
  )

  it.scoped("without the database a build stops before its lease has ended, so that no two run", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const cut = yield* withOutages(ledger)
      const here = yield* makeBuildRuns(cut.ledger, options)
      const there = yield* makeBuildRuns(ledger, options)
      const { seen, work } = yield* makeSite
      yield* here.start("a", work)
      yield* settled
      yield* cut.goes
      for (let second = 0; second < 60 && seen.begun < 2; second++) {
        yield* there.start("a", work)
        yield* settled
        yield* TestClock.adjust("1 second")
      }
      assert.deepInclude(seen, { begun: 2, running: 1, most: 1 })
    }).pipe(Effect.provide(quiet))
  )
})

const soon = { ...options, lease: Duration.seconds(7), renewEvery: Duration.millis(200) }
const untilState = (runs: BuildRuns, buildId: string, tag: string) =>
  runs
    .poll(buildId)
    .pipe(
      Effect.delay("50 millis"),
      Effect.repeat({ until: ({ _tag }) => _tag === tag }),
      Effect.timeout("30 seconds"),
      inRealTime
    )

layer(Layer.provideMerge(BuildLedgerLive, freshPools), { excludeTestServices: true })(
  "several workers on one database",
  (it) => {
    it.scoped("one of them builds, any of them tells and cancels", () =>
      Effect.gen(function* () {
        const ledger = yield* BuildLedger
        const workers = yield* Effect.all([1, 2, 3].map(() => makeBuildRuns(ledger, soon)))
        const { seen, work } = yield* makeSite
        yield* Effect.forEach(workers, (runs) => runs.start("a", work), { concurrency: 3 })
        for (const runs of workers) assert.strictEqual((yield* untilState(runs, "a", "Running"))._tag, "Running")
        yield* Effect.forEach(workers, (runs) => runs.cancel("a"), { concurrency: 3 })
        for (const runs of workers) assert.deepStrictEqual(yield* runs.poll("a"), cancelledOutcome)
        yield* Effect.sleep("50 millis").pipe(
          Effect.repeat({ until: () => seen.running === 0 }),
          Effect.timeout("5 seconds")
        )
        assert.deepInclude(seen, { begun: 1, most: 1 })
      })
    )

    it.scoped.runIf(isFull)("a worker behind a silent connection stops its build before another one may begin it", () =>
      Effect.gen(function* () {
        const url = yield* freshDatabase
        const direct = poolOptions(url)
        const proxy = yield* cuttingProxy(direct)
        const ledgerOn = (through: { readonly host: string; readonly port: number }) =>
          Effect.gen(function* () {
            const pools = yield* Layer.build(MysqlPoolsLive({ primary: { ...direct, ...through } }))
            yield* Effect.provide(quietly(migrate), pools)
            const built = yield* Layer.build(
              Layer.provide(BuildLedgerLive, Layer.succeed(MysqlPools, Context.get(pools, MysqlPools)))
            )
            return Context.get(built, BuildLedger)
          })
        const there = yield* makeBuildRuns(yield* ledgerOn({ host: direct.host, port: direct.port }), soon)
        const here = yield* makeBuildRuns(yield* ledgerOn({ host: "127.0.0.1", port: proxy.port }), soon)
        const { seen, work } = yield* makeSite
        yield* here.start("a", work)
        yield* untilState(there, "a", "Running")
        yield* proxy.inject("silence")
        yield* untilState(there, "a", "Unknown")
        assert.strictEqual(seen.running, 0)
        yield* there.start("a", work)
        assert.strictEqual((yield* untilState(there, "a", "Running"))._tag, "Running")
        assert.strictEqual(seen.most, 1)
        yield* proxy.inject("none")
      }).pipe(Effect.provide(quiet))
    )
  }
)
