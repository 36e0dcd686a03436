import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, LogLevel, Schedule } from "effect"
import { Restate } from "effect-restate/node"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { BuildSettings } from "../../../src/services/builds/BuildSettings.ts"
import { DeploymentStore } from "../../../src/services/deploy/DeploymentStore.ts"
import { BuildSlotWorkflows } from "../../../src/workflows/builds/BuildSlotWorkflows.ts"
import { MemoryBuilder, memoryBuilder } from "../../support/memory/MemoryBuilder.ts"
import { RestateClient, testRestate } from "../../support/stack/Restate.ts"
import { BuildWorkflows, type Job, storeOf } from "../../support/workflows/buildFleet.ts"

const job = (id: string, createdAt: number): Job => ({
  id,
  workspaceId: "ws_shop",
  isProduction: true,
  createdAt,
  fate: { takes: id === "d_1" ? "1 hour" : "1500 millis", ends: "succeeds" }
})
const jobs = new Map(["d_1", "d_2", "d_3"].map((id, nth) => [id, job(id, nth)]))

const builder = memoryBuilder({
  fateOf: ({ deploymentId }) => jobs.get(deploymentId)?.fate ?? { takes: "1 second", ends: "succeeds" }
})

const served = Layer.scopedDiscard(
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const services = [BuildSlotWorkflows, BuildWorkflows]
    const { host, port } = yield* Restate.listen({ services, host: "127.0.0.1", port: 0, drain: 0 })
    yield* restate.register(`http://${host}:${port}`)
  })
)

/** Every wait suspends at once, so each look at a build is an attempt of its own. */
const server = served.pipe(
  Layer.provide(Layer.succeed(DeploymentStore, storeOf(jobs))),
  Layer.provide(Layer.succeed(BuildSettings, { maxPerWorkspace: 1, deadline: 30 * 60_000, platform: "linux/amd64" })),
  Layer.provideMerge(builder),
  // Nothing here keeps replays from logging again, as the worker's logger does.
  Layer.provide(Logger.minimumLogLevel(LogLevel.Warning)),
  Layer.provideMerge(testRestate({ inactivityTimeout: "0 millis" }))
)

const submit = (id: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const { fate: _, ...input } = job(id, Number(id.slice(2)))
    return yield* restate.send(`test.Builds/${id}/Build`, input)
  })

const until = (what: string, holds: Effect.Effect<boolean, unknown, MemoryBuilder | RestateClient>) =>
  Effect.filterOrFail(
    holds,
    (met) => met,
    () => what
  ).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("20 seconds"), inRealTime)

const position = (deploymentId: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    return (yield* restate.call("ctrl_worker.v1.BuildSlotService/ws_shop/Position", { deploymentId })).body
  })

const waits = (id: string) =>
  Effect.map(
    position(id),
    (body) => typeof body === "object" && body !== null && "state" in body && body.state === "waiting"
  )

layer(server, { excludeTestServices: true, timeout: "1 minute" })("build slots on a real Restate", (it) => {
  it.effect(
    "go from a cancelled build to the one that waits, past one that no longer does, and are free in the end",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const memory = yield* MemoryBuilder
        const first = yield* submit("d_1")
        yield* until(
          "d_1 builds",
          Effect.sync(() => memory.runs.length === 1)
        )
        const second = yield* submit("d_2")
        yield* until("d_2 waits", waits("d_2"))
        const third = yield* submit("d_3")
        yield* until("d_3 waits", waits("d_3"))
        assert.deepStrictEqual(yield* position("d_3"), {
          state: "waiting",
          position: 2,
          waiting: 2,
          building: ["d_1"]
        })
        yield* restate.cancel(second)
        assert.strictEqual((yield* restate.attach(second)).status, 409)
        yield* restate.cancel(first)
        assert.strictEqual((yield* restate.attach(first)).status, 409)
        assert.lengthOf(memory.cancelled, 1)
        assert.deepInclude(yield* restate.attach(third), {
          status: 200,
          body: "registry.test/proj_ws_shop@sha256:".concat("d1".repeat(32))
        })
        assert.deepStrictEqual(
          memory.runs.map(({ request }) => request.deploymentId),
          ["d_1", "d_3"]
        )
        assert.strictEqual(memory.peakOf("ws_shop"), 1)
        assert.deepStrictEqual(yield* position("d_3"), {})
      })
  )
})
