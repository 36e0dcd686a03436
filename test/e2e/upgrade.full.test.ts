import { assert, layer } from "@effect/vitest"
import { Effect, Either, Layer, Option, Schema } from "effect"
import { RestateVersionsHttpLive } from "../../src/layers/restateAdmin/RestateVersionsHttp.ts"
import { runVersions } from "../support/runVersions.ts"
import { RestateClient, untilInvocation } from "../support/stack/Restate.ts"
import { holdRows, seedMany, sendDeploys, startKrane } from "./support/deploysInFlight.ts"
import { eventually } from "./support/eventually.ts"
import { addedStep, nextBuild } from "./support/nextBuild.ts"
import { type StackOptions, stack, startWorker, Workers } from "./support/Stack.ts"
import { metricsOf, stepsCompleted, stepsRun } from "./support/stepsRun.ts"

const ofEach = 10
const quick = "quick.test"
/** Where nothing runs until the test says so. */
const waitingRegion = "waiting.test"

const options: StackOptions = {
  regions: [quick, waitingRegion],
  kraneRegions: [quick],
  restate: { inactivityTimeout: "1 second" }
}

const VersionsLive = Layer.unwrapEffect(
  Effect.map(RestateClient, ({ admin }) => RestateVersionsHttpLive({ adminUrl: admin, apiKey: Option.none() }))
)

const Registered = Schema.Array(Schema.Struct({ id: Schema.String, endpoint: Schema.String }))

/** The id that Restate has given to what is at this address. */
const deploymentAt = (url: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const rows = yield* Schema.decodeUnknown(Registered)(yield* restate.sql("SELECT id, endpoint FROM sys_deployment"))
    const found = rows.find(({ endpoint }) => endpoint.replace(/\/$/, "") === url)
    assert.isDefined(found)
    return found.id
  })

/** Attempts that could not replay: a step may fail, as one does that waits too long for a row that is held. */
const mismatches = Effect.flatMap(RestateClient, (restate) =>
  restate.sql(
    `SELECT id, event_json FROM sys_journal_events
     WHERE json_get_str(event_json, 'restate_doc_error_code') = 'RT0016'
       OR json_get_str(event_json, 'last_failure', 'restate_doc_error_code') = 'RT0016'`
  )
)

/** Every one of these ends well, and on the version with this id. */
const endOn = Effect.fnUntraced(function* (deployment: string, invocations: ReadonlyArray<string>) {
  const restate = yield* RestateClient
  for (const id of invocations) {
    assert.deepInclude(yield* restate.attach(id), { status: 200, body: {} })
    assert.deepInclude(yield* restate.invocation(id), { status: "completed", pinned_deployment_id: deployment })
  }
})

const upgrading = Layer.provideMerge(VersionsLive, stack(options))

layer(upgrading, { excludeTestServices: true, timeout: "2 minutes" })("a next version with other steps", (it) => {
  it.scoped(
    "takes what is new, while what is in flight ends on the version it began on; then that one can be removed",
    () =>
      Effect.gen(function* () {
        const { first: old } = yield* Workers
        const { exposed: oldMetrics } = yield* metricsOf(old)
        const waitingIds = yield* seedMany("waiting", waitingRegion, ofEach)
        const steppingIds = yield* seedMany("stepping", quick, ofEach)
        const laterIds = yield* seedMany("later", quick, ofEach)
        const entry = yield* nextBuild
        const { letGo } = yield* holdRows(steppingIds)
        const inFlight = [
          ...(yield* sendDeploys("waiting", waitingIds)),
          ...(yield* sendDeploys("stepping", steppingIds))
        ]
        yield* eventually("all are in flight", oldMetrics, (exposed) => {
          const begun = stepsRun(exposed, "load-deployment") === 2 * ofEach
          return begun && stepsRun(exposed, "check-instances") >= ofEach
        })

        const next = yield* startWorker({ ...options, entry })
        const { exposed: nextMetrics } = yield* metricsOf(next)
        const [oldId, nextId] = [yield* deploymentAt(old.url), yield* deploymentAt(next.url)]
        const kept = yield* runVersions("--remove-drained", "--yes")
        assert.isTrue(Either.isRight(kept.outcome))
        assert.match(kept.printed, new RegExp(`^${oldId} .* draining +${2 * ofEach} +none$`, "m"))
        assert.match(kept.printed, new RegExp(`^${nextId} .* newest +0 +all its services$`, "m"))
        assert.notInclude(kept.printed, "removed")

        yield* letGo
        const later = yield* sendDeploys("later", laterIds)
        yield* endOn(nextId, later)
        assert.strictEqual(stepsRun(yield* nextMetrics, addedStep), ofEach)
        yield* startKrane(waitingRegion)
        yield* endOn(oldId, inFlight)
        // Each ran on one version alone: the old one has all steps of what began there, and the next one none of them.
        for (const step of ["load-deployment", "enter-queued", "enter-network"]) {
          assert.strictEqual(stepsCompleted(yield* oldMetrics, step), 2 * ofEach, step)
          assert.strictEqual(stepsCompleted(yield* nextMetrics, step), ofEach, step)
        }
        assert.deepStrictEqual(yield* mismatches, [])

        const removed = yield* runVersions("--remove-drained", "--yes", "--wait", "60s")
        assert.isTrue(Either.isRight(removed.outcome))
        assert.include(removed.printed, `removed ${oldId} `)
        assert.deepStrictEqual(yield* old.kill("SIGTERM"), { code: 0, signal: null })
        const after = yield* seedMany("after", quick, 1)
        yield* endOn(nextId, yield* sendDeploys("after", after))
      }),
    180_000
  )

  it.scoped("cannot replay what began on the version before, which is why nothing in flight may be moved to it", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const old = yield* startWorker(options)
      const { exposed: oldMetrics } = yield* metricsOf(old)
      const [id = ""] = yield* sendDeploys("moved", yield* seedMany("moved", waitingRegion, 1))
      yield* eventually("it waits", oldMetrics, (exposed) => stepsRun(exposed, "check-instances") > 0)
      yield* startWorker({ ...options, entry: yield* nextBuild })
      yield* restate.pause(id)
      yield* untilInvocation(restate, id, ({ status }) => status === "paused")
      yield* restate.resumeOnNewest(id)
      const failed = yield* untilInvocation(restate, id, (row) => row.last_failure_error_code !== undefined)
      // A mismatch of the journal: https://docs.restate.dev/references/errors/#RT0016
      assert.strictEqual(failed.last_failure_error_code, "RT0016")
      assert.isNotEmpty(yield* mismatches)
      yield* restate.kill(id)
    })
  )
})
