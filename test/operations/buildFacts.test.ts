import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Option, TestClock } from "effect"
import { buildFacts } from "../../src/operations/build/BuildFacts.ts"
import { BuildLog } from "../../src/operations/build/BuildLog.ts"
import { type BuildRecord, BuildRecords, type FoundBuilds } from "../../src/operations/build/BuildRecords.ts"
import { BuildSlots } from "../../src/operations/build/BuildSlots.ts"
import { type DeploymentDetails, DeploymentRecords } from "../../src/operations/deploy/DeploymentRecords.ts"
import { InvocationDetails } from "../../src/operations/InvocationDetails.ts"
import { type Source, SourceUnavailable } from "../../src/operations/SourceUnavailable.ts"
import { buildIdsOf } from "../../src/workflows/deploy/build/builtImage.ts"
import { building, fromGit } from "./builds.ts"
import { invocation, now } from "./facts.ts"

const away = (source: Source) => new SourceUnavailable({ source, reason: "unreachable" })

const [first = "", second = ""] = buildIdsOf(fromGit.id)
const record = (id: string, state: BuildRecord["state"]): BuildRecord => ({
  ...(building.build ?? assert.fail("a build that runs")),
  id,
  state
})
const found = (...builds: ReadonlyArray<BuildRecord>): FoundBuilds => ({
  deploymentId: fromGit.id,
  buildIds: buildIdsOf(fromGit.id),
  builds
})

interface Sources {
  readonly stored: Effect.Effect<Option.Option<FoundBuilds>, SourceUnavailable>
  readonly deployment?: DeploymentDetails["deployment"]
  readonly log?: ReturnType<BuildLog["Type"]["tail"]>
}

const read = (id: string, { deployment = fromGit, log = Effect.succeed(building.log), stored }: Sources) => {
  const details = { deployment, phases: building.deploy?.phases ?? [], regions: [] }
  const sources = Layer.mergeAll(
    Layer.succeed(BuildLog, { tail: () => log }),
    Layer.succeed(BuildRecords, { find: () => stored }),
    Layer.succeed(BuildSlots, { queueOf: () => Effect.succeed({ tickets: [], sweepAt: null }) }),
    Layer.succeed(DeploymentRecords, { find: () => Effect.succeedSome(details) }),
    Layer.succeed(InvocationDetails, {
      of: () => Effect.succeedSome(invocation),
      withInput: () => Effect.succeed([invocation.id]),
      ofKeys: () => Effect.succeed([])
    })
  )
  return Effect.zipRight(TestClock.setTime(now), Effect.provide(buildFacts(id), sources))
}

describe("the facts of a build", () => {
  it.effect("join the ledger with its deployment, its invocation and its log", () =>
    Effect.gen(function* () {
      const facts = yield* read(first, { stored: Effect.succeedSome(found(record(first, "running"))) })
      assert.deepInclude(facts, { id: first, attempt: 1, log: building.log, missing: [], otherBuilds: [] })
      assert.deepStrictEqual(facts.build, record(first, "running"))
      assert.deepStrictEqual(facts.deploy?.invocation, invocation)
      assert.deepStrictEqual(
        facts.deploy?.commands.map(({ line }) => line),
        [`control-plane-worker cancel ${invocation.id}`]
      )
    })
  )

  it.effect("are those of the newest build for the id of a deployment, and of the build that is asked for", () =>
    Effect.gen(function* () {
      const stored = Effect.succeedSome(found(record(first, "failed"), record(second, "running")))
      const newest = yield* read(fromGit.id, { stored })
      assert.deepInclude(newest, { id: second, attempt: 2 })
      assert.deepStrictEqual(newest.otherBuilds, [record(first, "failed")])
      assert.deepInclude(yield* read(first, { stored }), { id: first, attempt: 1 })
      const byBuilder = found({ ...record(first, "failed"), externalBuildId: "depot-1" }, record(second, "running"))
      assert.deepInclude(yield* read("depot-1", { stored: Effect.succeedSome(byBuilder) }), { id: first, attempt: 1 })
    })
  )

  it.effect("are shown of a build without a record, and without ClickHouse", () =>
    Effect.gen(function* () {
      const facts = yield* read(second, { stored: Effect.succeedSome(found()), log: away("clickhouse") })
      assert.deepInclude(facts, { id: second, attempt: 2, build: null, log: [] })
      assert.deepStrictEqual(facts.missing, [{ source: "clickhouse", reason: "unreachable" }])
    })
  )

  it.effect("of an orphan in the ledger hold the ledger alone", () =>
    Effect.gen(function* () {
      const orphan = { deploymentId: null, buildIds: ["bld-x"], builds: [record("bld-x", "lost")] }
      const facts = yield* read("bld-x", { stored: Effect.succeedSome(orphan) })
      assert.deepInclude(facts, { id: "bld-x", attempt: null, deploy: null, log: [] })
    })
  )

  it.effect("an unknown id, and a deployment that builds nothing, are errors that say what could not be asked", () =>
    Effect.gen(function* () {
      const unknown = yield* Effect.flip(read("bld-x", { stored: Effect.succeedNone }))
      assert.strictEqual(unknown.message, "there is no build bld-x")
      const ofImage = yield* Effect.flip(read(fromGit.id, { stored: Effect.succeedSome(found()) }))
      assert.strictEqual(ofImage.message, `there is no build ${fromGit.id}`)
      const unsure = yield* Effect.flip(read("bld-x", { stored: away("database") }))
      assert.include(unsure.message, "not everything could be asked: database: unreachable")
      // The ledger forgets a build after a day; its deployment keeps the id.
      const built = { ...fromGit, status: "ready", buildId: first }
      const facts = yield* read(fromGit.id, { stored: Effect.succeedSome(found()), deployment: built })
      assert.deepInclude(facts, { id: first, build: null })
    })
  )
})
