import { assert, layer } from "@effect/vitest"
import { Duration, Effect, type Layer } from "effect"
import type { BuildOutcome } from "../../src/services/builds/Builder.ts"
import { BuildLedger, cancelledOutcome } from "../../src/services/builds/BuildLedger.ts"

const long = Duration.hours(1)
/** A lease that expires at once, so that no test waits for it. */
const none = Duration.zero
const detail = "[2/4] RUN make \u{1F528}"

const succeeded: BuildOutcome = {
  _tag: "Succeeded",
  image: "registry.test/shop:d_1",
  digest: `sha256:${"a".repeat(64)}`,
  externalBuildId: "external-1",
  depotProjectId: null
}
const failed: BuildOutcome = { _tag: "Failed", kind: "command_failed", message: 'RUN "make" ended with \u{1F4A5}' }

const claimed = (orphan: string | null) => ({ _tag: "Claimed", orphan }) as const

let counter = 0

/** What every implementation of `BuildLedger` promises. */
export const buildLedgerContract = <R, E>(name: string, ledgers: Layer.Layer<BuildLedger | R, E>): void =>
  layer(ledgers, { excludeTestServices: true })(`BuildLedger: ${name}`, (it) => {
    const guarantee = <A, E2>(
      title: string,
      test: (
        ledger: BuildLedger["Type"],
        buildId: string,
        by: (owner: string) => { readonly buildId: string; readonly owner: string }
      ) => Effect.Effect<A, E2>
    ) =>
      it.effect(title, () =>
        Effect.gen(function* () {
          counter += 1
          const buildId = `bld-${counter}`
          yield* test(yield* BuildLedger, buildId, (owner) => ({ buildId, owner }))
        })
      )

    guarantee("an unclaimed build has no owner", (ledger, buildId, by) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Unknown" })
        assert.strictEqual(yield* ledger.renew({ ...by("one"), duration: long, detail }), "lost")
        assert.isFalse(yield* ledger.recordExternalId({ ...by("one"), externalBuildId: "x" }))
        assert.isFalse(yield* ledger.recordOutcome({ ...by("one"), outcome: succeeded }))
        yield* ledger.release(by("one"))
        assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Unknown" })
      })
    )

    guarantee(
      "of many that claim a build at the same time one gets it, and the others find it running",
      (ledger, buildId, by) =>
        Effect.gen(function* () {
          const owners = Array.from({ length: 12 }, (_, nth) => `owner-${nth}`)
          const claims = yield* Effect.forEach(
            owners,
            (owner) => ledger.claim({ ...by(owner), duration: long, detail }),
            {
              concurrency: "unbounded"
            }
          )
          assert.lengthOf(
            claims.filter(({ _tag }) => _tag === "Claimed"),
            1
          )
          assert.lengthOf(
            claims.filter(({ _tag }) => _tag === "Running"),
            11
          )
          assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Running", detail })
        })
    )

    guarantee("a claim that is repeated, because its answer was lost, is the same claim", (ledger, _, by) =>
      Effect.gen(function* () {
        for (let time = 0; time < 2; time++)
          assert.deepStrictEqual(yield* ledger.claim({ ...by("one"), duration: long, detail }), claimed(null))
        assert.deepStrictEqual(yield* ledger.claim({ ...by("two"), duration: long, detail }), { _tag: "Running" })
      })
    )

    guarantee("all workers see the owner's progress, and an outcome never changes", (ledger, buildId, by) =>
      Effect.gen(function* () {
        yield* ledger.claim({ ...by("one"), duration: long, detail: "waits" })
        assert.strictEqual(yield* ledger.renew({ ...by("one"), duration: long, detail }), "held")
        assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Running", detail })
        assert.isTrue(yield* ledger.recordOutcome({ ...by("one"), outcome: succeeded }))
        assert.isTrue(yield* ledger.recordOutcome({ ...by("one"), outcome: succeeded }), "repeated")
        assert.isFalse(yield* ledger.recordOutcome({ ...by("one"), outcome: failed }))
        yield* ledger.requestCancel(buildId)
        yield* ledger.release(by("one"))
        assert.deepStrictEqual(yield* ledger.state(buildId), succeeded)
        assert.deepStrictEqual(yield* ledger.claim({ ...by("two"), duration: long, detail }), { _tag: "Ended" })
      })
    )

    guarantee("a failure is kept with its kind and its words", (ledger, buildId, by) =>
      Effect.gen(function* () {
        yield* ledger.claim({ ...by("one"), duration: long, detail })
        const longest: BuildOutcome = { ...failed, message: "\u{1F4A5}".repeat(250) }
        assert.isTrue(yield* ledger.recordOutcome({ ...by("one"), outcome: longest }))
        assert.deepStrictEqual(yield* ledger.state(buildId), longest)
      })
    )

    guarantee(
      "after the lease has expired the build has no owner, and the next claim returns what to finish",
      (ledger, buildId, by) =>
        Effect.gen(function* () {
          yield* ledger.claim({ ...by("one"), duration: none, detail })
          assert.isTrue(yield* ledger.recordExternalId({ ...by("one"), externalBuildId: "external-1" }))
          assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Unknown" })
          assert.deepStrictEqual(yield* ledger.claim({ ...by("two"), duration: none, detail }), claimed("external-1"))
          assert.deepStrictEqual(
            yield* ledger.claim({ ...by("three"), duration: long, detail }),
            claimed("external-1"),
            "two died too"
          )
          assert.isTrue(yield* ledger.recordExternalId({ ...by("three"), externalBuildId: null }))
          yield* ledger.release(by("three"))
          assert.deepStrictEqual(yield* ledger.claim({ ...by("four"), duration: long, detail }), claimed(null))
        })
    )

    guarantee("nothing that an owner writes counts once the build has been taken over", (ledger, buildId, by) =>
      Effect.gen(function* () {
        yield* ledger.claim({ ...by("old"), duration: none, detail })
        yield* ledger.claim({ ...by("new"), duration: long, detail: "new" })
        assert.strictEqual(yield* ledger.renew({ ...by("old"), duration: long, detail: "old" }), "lost")
        assert.isFalse(yield* ledger.recordExternalId({ ...by("old"), externalBuildId: "old" }))
        assert.isFalse(yield* ledger.recordOutcome({ ...by("old"), outcome: succeeded }))
        yield* ledger.release(by("old"))
        assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Running", detail: "new" })
        assert.deepStrictEqual(yield* ledger.claim({ ...by("new"), duration: long, detail }), claimed(null))
      })
    )

    guarantee("a late owner without a successor continues", (ledger, buildId, by) =>
      Effect.gen(function* () {
        yield* ledger.claim({ ...by("one"), duration: none, detail })
        assert.strictEqual(yield* ledger.renew({ ...by("one"), duration: long, detail }), "held")
        assert.deepStrictEqual(yield* ledger.claim({ ...by("two"), duration: long, detail }), { _tag: "Running" })
        assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Running", detail })
      })
    )

    guarantee(
      "a cancelled build is cancelled for all workers at once, its owner included, whatever its result",
      (ledger, buildId, by) =>
        Effect.gen(function* () {
          yield* ledger.claim({ ...by("one"), duration: long, detail })
          yield* ledger.requestCancel(buildId)
          yield* ledger.requestCancel(buildId)
          assert.deepStrictEqual(yield* ledger.state(buildId), cancelledOutcome)
          assert.strictEqual(yield* ledger.renew({ ...by("one"), duration: long, detail }), "cancelled")
          assert.isTrue(yield* ledger.recordExternalId({ ...by("one"), externalBuildId: null }), "it still cleans up")
          assert.isFalse(yield* ledger.recordOutcome({ ...by("one"), outcome: succeeded }))
          assert.deepStrictEqual(yield* ledger.state(buildId), cancelledOutcome)
        })
    )

    guarantee("a build that is cancelled before its first claim is never claimed", (ledger, buildId, by) =>
      Effect.gen(function* () {
        yield* ledger.requestCancel(buildId)
        assert.deepStrictEqual(yield* ledger.claim({ ...by("one"), duration: long, detail }), { _tag: "Ended" })
        assert.deepStrictEqual(yield* ledger.state(buildId), cancelledOutcome)
      })
    )

    guarantee(
      "what has been over for as long as it is kept is forgotten, a hundred at a time, and nothing else",
      (ledger, buildId, by) =>
        Effect.gen(function* () {
          while ((yield* ledger.deleteExpired(none)) > 0);
          const ended = Array.from({ length: 130 }, (_, nth) => `${buildId}-${nth}`)
          yield* Effect.forEach(ended, (id) => ledger.requestCancel(id), { concurrency: 8 })
          yield* ledger.claim({ ...by("one"), duration: long, detail })
          assert.strictEqual(yield* ledger.deleteExpired(long), 0, "not yet")
          assert.strictEqual(yield* ledger.deleteExpired(none), 100)
          assert.strictEqual(yield* ledger.deleteExpired(none), 30)
          assert.strictEqual(yield* ledger.deleteExpired(none), 0)
          assert.deepStrictEqual(yield* ledger.state(`${buildId}-0`), { _tag: "Unknown" })
          assert.deepStrictEqual(yield* ledger.state(buildId), { _tag: "Running", detail })
        })
    )
  })
