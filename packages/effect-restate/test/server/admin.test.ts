import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schedule, Schema } from "effect"
import { inRealTime } from "../../../../dev/stack/RealTime.ts"
import { RestateClient } from "../../../../test/support/stack/Restate.ts"
import type { InvocationInfo, InvocationStatus } from "../../src/admin/InvocationInfo.ts"
import { RestateAdmin } from "../../src/admin/RestateAdmin.ts"
import { sqlText } from "../../src/admin/sql.ts"
import { exhausted } from "../fixtures/exhausted.ts"
import { probe } from "../fixtures/Probe.ts"
import { freshKey } from "../suite/Host.ts"
import { probeOptions, servingServer } from "./serverHost.ts"

const service = "Explicit"
const client = Layer.unwrapEffect(Effect.map(RestateClient, ({ admin: url }) => RestateAdmin.layer({ url })))
const patient = probe("Patient", { ...probeOptions("Explicit"), inactivityTimeout: "1 minute" })
const server = Layer.provideMerge(
  client,
  servingServer("0 millis", [probe(service, probeOptions("Explicit")), patient, exhausted])
)

const nap = (key: string) =>
  Effect.flatMap(RestateClient, (restate) => restate.send(`${service}/${key}/nap`, 3_600_000))

/** Looks at an invocation until it has this status. At most 20 seconds. */
const until = (id: string, status: InvocationStatus) =>
  Effect.flatMap(RestateAdmin, (admin) => Effect.flatten(admin.invocation(id))).pipe(
    Effect.filterOrFail((info): info is InvocationInfo => info.status === status),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("20 seconds"),
    inRealTime
  )

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

layer(server, { excludeTestServices: true, timeout: "1 minute" })("the admin client on a server", (it) => {
  it.effect("invocations are found by service, key and status, and page by page", () =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      const key = `${yield* freshKey}'s`
      const ids = [yield* nap(encodeURIComponent(key)), yield* nap(encodeURIComponent(key))]
      const first = yield* until(ids[0] ?? "", "suspended")
      yield* until(ids[1] ?? "", "pending")
      assert.isAtLeast(first.startedAt?.getTime() ?? 0, first.createdAt.getTime())
      assert.deepInclude(first, { service, handler: "nap", key, result: null, completedAt: null, scheduledFor: null })
      const filter = { service, key, handler: "nap" }
      const pages = [yield* admin.invocations({ ...filter, limit: 1 })]
      pages.push(yield* admin.invocations({ ...filter, limit: 1, after: first }))
      assert.sameMembers(
        pages.flat().map(({ id }) => id),
        ids
      )
      const waiting = yield* admin.invocations({ ...filter, status: ["pending", "scheduled"] })
      assert.deepStrictEqual(
        waiting.map(({ id }) => id),
        ids.slice(1)
      )
      yield* Effect.forEach(ids, admin.kill)
    })
  )

  it.effect("an invocation is cancelled, and forgotten with purge once it is over", () =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      const id = yield* nap(yield* freshKey)
      yield* until(id, "suspended")
      assert.strictEqual(yield* tagOf(admin.purge(id)), "AdminConflict")
      yield* admin.cancel(id)
      const over = yield* until(id, "completed")
      assert.deepStrictEqual([over.result, over.completedAt instanceof Date], ["failure", true])
      assert.strictEqual(yield* tagOf(admin.cancel(id)), "AdminConflict")
      yield* admin.purge(id)
      const gone = admin.invocation(id).pipe(Effect.repeat({ until: Option.isNone }), Effect.timeout("20 seconds"))
      yield* inRealTime(gone)
      assert.strictEqual(yield* tagOf(admin.kill(id)), "AdminNotFound")
    })
  )

  it.effect("an invocation that is paused is resumed, and one that is killed leaves its key", () =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      const restate = yield* RestateClient
      const key = yield* freshKey
      const id = yield* restate.send(`Exhausted/${key}/pauses`)
      yield* until(id, "paused")
      yield* admin.resume(id, "latest")
      yield* until(id, "paused")
      yield* admin.kill(id)
      yield* until(id, "completed")
      const running = yield* restate.send(`Patient/${yield* freshKey}/nap`, 3_600_000)
      assert.instanceOf((yield* until(running, "running")).attemptedAt, Date)
      yield* admin.pause(running)
      yield* until(running, "paused")
      yield* admin.resume(running)
      yield* until(running, "running")
      yield* admin.kill(running)
    })
  )

  it.effect("a query answers rows of its schema, and one that is no SQL is refused", () =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      const text = "it's a \\ and a \" and a ; -- x"
      const Row = Schema.Struct({ text: Schema.String })
      assert.deepStrictEqual(yield* admin.query(`SELECT ${sqlText(text)} AS text`, Row), [{ text }])
      assert.strictEqual(yield* tagOf(admin.query("SELECT FROM", Row)), "AdminRefused")
      assert.strictEqual(yield* tagOf(admin.query("SELECT 1 AS text", Row)), "UnreadableAnswer")
    })
  )

  it.effect("deployments are listed with their services; registering again answers the same, and one is removed", () =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      const [known] = yield* admin.deployments
      assert.isTrue(known?.services.some(({ name }) => name === service))
      assert.instanceOf(known?.createdAt, Date)
      const served = yield* admin.services
      assert.deepInclude(
        served.find(({ name }) => name === service),
        { revision: 1, deploymentId: known?.id }
      )
      const again = yield* admin.register({ uri: known?.uri ?? "" })
      assert.strictEqual(again.id, known?.id)
      const handlers = again.services.find(({ name }) => name === service)?.handlers ?? []
      assert.isTrue(handlers.some(({ name }) => name === "nap"))
      assert.strictEqual(yield* tagOf(admin.register({ uri: "http://127.0.0.1:1" })), "AdminUnavailable")
      yield* admin.removeDeployment(again.id)
      assert.deepStrictEqual(yield* admin.deployments, [])
      assert.strictEqual(yield* tagOf(admin.removeDeployment(again.id)), "AdminNotFound")
    })
  )

  it.effect("health and version of the server are told", () =>
    Effect.gen(function* () {
      const admin = yield* RestateAdmin
      yield* admin.health
      assert.match(yield* admin.version, /^1\.7\./)
    })
  )

  it.effect("an admin API that is not there is unavailable", () =>
    Effect.gen(function* () {
      const absent = yield* Effect.provide(RestateAdmin, RestateAdmin.layer({ url: "http://127.0.0.1:10" }))
      assert.strictEqual(yield* tagOf(absent.deployments), "AdminUnavailable")
    })
  )
})
