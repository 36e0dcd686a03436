import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Fiber, Logger, Option, Scope, TestClock } from "effect"
import { makeBuildRuns } from "../../../src/layers/builder/BuildRuns.ts"
import { BuildLost } from "../../../src/layers/builder/buildLease.ts"
import type { BuildOutcome } from "../../../src/services/builds/Builder.ts"
import { makeMemoryBuildLedger } from "../../support/memory/MemoryBuildLedger.ts"

const options = {
  maxDuration: Duration.hours(1),
  lease: Duration.seconds(30),
  renewEvery: Duration.seconds(2),
  retention: Duration.days(1)
}
const alone = Effect.flatMap(makeMemoryBuildLedger, (ledger) => makeBuildRuns(ledger, options))
const quiet = Logger.remove(Logger.defaultLogger)

const succeeded: BuildOutcome = {
  _tag: "Succeeded",
  image: "r/i:t",
  digest: "sha256:d",
  externalBuildId: null,
  depotProjectId: null
}
const settled = Effect.yieldNow().pipe(Effect.repeatN(50))

describe("the builds of a process", () => {
  it.scoped("an outcome can be polled for a day, and is then forgotten when another build starts", () =>
    Effect.gen(function* () {
      const runs = yield* alone
      yield* runs.start("a", () => Effect.succeed(succeeded))
      yield* settled
      yield* TestClock.adjust("23 hours")
      yield* runs.start("b", () => Effect.succeed(succeeded))
      yield* settled
      assert.deepStrictEqual(yield* runs.poll("a"), succeeded)
      yield* TestClock.adjust("1 hour")
      yield* runs.start("c", () => Effect.succeed(succeeded))
      yield* settled
      assert.deepStrictEqual(yield* runs.poll("a"), { _tag: "Unknown" })
    })
  )

  it.scoped("a build that does not end is stopped after an hour, and reports it", () =>
    Effect.gen(function* () {
      const ledger = yield* makeMemoryBuildLedger
      const runs = yield* makeBuildRuns(ledger, { ...options, renewEvery: Duration.seconds(20) })
      const interrupted = yield* Deferred.make<void>()
      yield* runs.start("a", () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined)))
      yield* settled
      yield* TestClock.adjust("1 hour")
      yield* Deferred.await(interrupted)
      assert.deepInclude(yield* runs.poll("a"), {
        _tag: "Failed",
        kind: "timed_out",
        message: "the build took longer than 1h"
      })
    })
  )

  it.scoped("a lost build is forgotten and can be started again; so is one that met a defect", () =>
    Effect.gen(function* () {
      const runs = yield* alone
      for (const broken of [new BuildLost({ text: "gone" }), Effect.dieMessage("a mistake")]) {
        yield* runs.start("a", () => broken)
        yield* settled
        assert.deepStrictEqual(yield* runs.poll("a"), { _tag: "Unknown" })
      }
      yield* runs.start("a", () => Effect.succeed(succeeded))
      yield* settled
      assert.deepStrictEqual(yield* runs.poll("a"), succeeded)
    }).pipe(Effect.provide(quiet))
  )

  it.scoped("an outcome is final: neither a cancellation nor another start changes it", () =>
    Effect.gen(function* () {
      const runs = yield* alone
      yield* runs.start("a", () => Effect.succeed(succeeded))
      yield* settled
      yield* runs.cancel("a")
      yield* runs.start("a", () => Effect.dieMessage("must not run"))
      assert.deepStrictEqual(yield* runs.poll("a"), succeeded)
    })
  )

  it.scoped("a cancellation waits for the build's clean-up, but not for ever, and is seen at once", () =>
    Effect.gen(function* () {
      const runs = yield* alone
      const cleaned = yield* Deferred.make<void>()
      yield* runs.start("a", () => Effect.onInterrupt(Effect.never, () => Deferred.await(cleaned)))
      yield* settled
      const cancelling = yield* Effect.fork(runs.cancel("a"))
      yield* settled
      assert.deepInclude(yield* runs.poll("a"), { _tag: "Failed", kind: "cancelled" })
      assert.isTrue(Option.isNone(yield* Fiber.poll(cancelling)))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(cancelling)
      yield* Deferred.succeed(cleaned, undefined)
    })
  )

  it.effect("when the scope closes the builds end, and no new one begins", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const runs = yield* Effect.provide(alone, Context.make(Scope.Scope, scope))
      const ended = yield* Deferred.make<void>()
      yield* runs.start("a", () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined)))
      yield* settled
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.await(ended)
      const refused = yield* Effect.flip(runs.start("b", () => Effect.succeed(succeeded)))
      assert.include(refused, { _tag: "BuilderUnavailable", reason: "shutting-down" })
    })
  )
})
