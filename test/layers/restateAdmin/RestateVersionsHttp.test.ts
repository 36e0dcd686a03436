import { assert, layer } from "@effect/vitest"
import { type ObjectContext, object } from "@restatedev/restate-sdk"
import { Deferred, Effect, Layer, Logger, Option, Runtime } from "effect"
import { Restate } from "effect-restate/node"
import { RestateVersionsHttpLive } from "../../../src/layers/restateAdmin/RestateVersionsHttp.ts"
import { RestateVersions } from "../../../src/operations/RestateVersions.ts"
import { eventually } from "../../e2e/support/eventually.ts"
import { RestateClient, testRestate } from "../../support/stack/Restate.ts"

const service = "test.v1.Waiting"

/** Serves and registers one object on a free port: one handler waits with, the other without a journal entry. */
const registerVersion = Effect.gen(function* () {
  const restate = yield* RestateClient
  const runPromise = Runtime.runPromise(yield* Effect.runtime())
  const underWay = yield* Deferred.make<void>()
  const waiting = object({
    name: service,
    handlers: {
      durably: (context: ObjectContext) => context.sleep(60_000),
      silently: () => runPromise(Effect.zipRight(Deferred.succeed(underWay, undefined), Effect.never))
    }
  })
  const { port } = yield* Restate.listen({ services: [waiting], host: "127.0.0.1", port: 0, drain: 0 })
  yield* restate.register(`http://127.0.0.1:${port}`)
  return { address: `http://127.0.0.1:${port}/`, underWay: Deferred.await(underWay) }
})

const VersionsLive = Layer.unwrapEffect(
  Effect.map(RestateClient, ({ admin }) => RestateVersionsHttpLive({ adminUrl: admin, apiKey: Option.none() }))
)

const versionAt = (address: string) =>
  Effect.gen(function* () {
    const versions = yield* RestateVersions
    const found = (yield* versions.registered).find((each) => each.address === address)
    assert.isDefined(found)
    return found
  })

const unfinishedOn = (id: string) =>
  Effect.flatMap(RestateVersions, (versions) => Effect.map(versions.unfinished, (all) => all.get(id) ?? 0))

// The SDK's messages about closed connections are expected.
const world = VersionsLive.pipe(Layer.provideMerge(testRestate()), Layer.merge(Logger.remove(Logger.defaultLogger)))

layer(world, { excludeTestServices: true, timeout: "1 minute" })("the versions that Restate knows", (it) => {
  it.scoped(
    "come with the work that is bound to them, also before its journal has begun; can be brought back, and removed twice",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const versions = yield* RestateVersions
        const first = yield* registerVersion
        const silent = yield* restate.send(`${service}/a/silently`)
        const durable = yield* restate.send(`${service}/b/durably`)
        yield* first.underWay
        const old = yield* versionAt(first.address)
        assert.deepStrictEqual([old.services, old.newestOn], [[service], [service]])
        yield* eventually("both are bound", unfinishedOn(old.id), (left) => left === 2)
        assert.notProperty(yield* restate.invocation(silent), "pinned_deployment_id")

        const second = yield* registerVersion
        const next = yield* versionAt(second.address)
        assert.deepStrictEqual(next.newestOn, [service])
        assert.deepStrictEqual((yield* versionAt(first.address)).newestOn, [])
        assert.strictEqual(yield* unfinishedOn(old.id), 2)
        assert.strictEqual(yield* unfinishedOn(next.id), 0)

        yield* restate.kill(silent)
        yield* restate.kill(durable)
        yield* eventually("nothing is left", unfinishedOn(old.id), (left) => left === 0)
        yield* versions.remove(old.id)
        yield* versions.remove(old.id)
        assert.deepStrictEqual(
          (yield* versions.registered).map(({ id }) => id),
          [next.id]
        )
      })
  )
})
