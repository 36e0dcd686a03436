import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schedule } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { InvocationDetailsHttpLive } from "../../../src/layers/restateAdmin/InvocationDetailsHttp.ts"
import { type InvocationDetail, InvocationDetails } from "../../../src/operations/InvocationDetails.ts"
import { RestateClient, untilInvocation } from "../../support/stack/Restate.ts"
import { dogged, hasty, mended, secretText, watchedServer } from "../../support/watch/Watched.ts"

const details = Layer.unwrapEffect(
  Effect.map(RestateClient, ({ admin: adminUrl }) => InvocationDetailsHttpLive({ adminUrl, apiKey: Option.none() }))
)

const detailOf = (id: string) =>
  Effect.flatMap(InvocationDetails, (invocations) => inRealTime(Effect.flatten(invocations.of(id))))

/** The details at a moment that has what is wanted: an invocation that is retried runs between two waits. */
const detailUntil = (id: string, wanted: (detail: InvocationDetail) => boolean) =>
  detailOf(id).pipe(
    Effect.filterOrFail(wanted),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("20 seconds"),
    inRealTime
  )

layer(Layer.provideMerge(details, watchedServer), { excludeTestServices: true, timeout: "1 minute" })(
  "details of an invocation",
  (it) => {
    it.effect("the reason of a declared error is quoted, and of any other error only its class", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        mended.current = false
        const declared = yield* restate.send(`${dogged}/d/Decline`)
        const undeclared = yield* restate.send(`${dogged}/u/Fail`)
        const paused = yield* restate.send(`${hasty}/p/Decline`)
        yield* untilInvocation(restate, undeclared, (row) => row.status === "backing-off")
        yield* untilInvocation(restate, paused, (row) => row.status === "paused")

        const retried = yield* detailUntil(declared, (detail) => detail.nextRetryAt !== null)
        assert.deepInclude(retried.failure, { step: "ask-the-world", reason: "World.ask: no answer" })
        assert.strictEqual(retried.lastStep, "ask-the-world")
        assert.isAbove(Number(retried.nextRetryAt), retried.createdAt)
        const other = yield* detailOf(undeclared)
        assert.deepInclude(other.failure, { step: "do-the-work", reason: "Error" })
        assert.notInclude(JSON.stringify(other), secretText)
        const stopped = yield* detailOf(paused)
        assert.strictEqual(stopped.status, "paused")
        assert.deepInclude(stopped.failure, { step: "ask-the-world", reason: "World.ask: no answer" })
        for (const id of [declared, undeclared, paused]) yield* restate.kill(id)
      })
    )

    it.effect("says what runs and what a timer waits for", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const napping = yield* restate.send(`${dogged}/n/Nap`)
        const holding = yield* restate.send(`${dogged}/h/Hold`)
        yield* untilInvocation(restate, napping, (row) => row.status === "suspended")
        yield* untilInvocation(restate, holding, (row) => Number(row.journal_size) > 1)
        const nap = yield* detailOf(napping)
        assert.strictEqual(nap.waitsFor?._tag, "Timer")
        if (nap.waitsFor?._tag === "Timer") assert.approximately(nap.waitsFor.until, nap.createdAt + 3_600_000, 60_000)
        assert.deepStrictEqual((yield* detailOf(holding)).waitsFor, { _tag: "Step", name: "hold-on" })
        for (const id of [napping, holding]) yield* restate.kill(id)
      })
    )

    it.effect("finds an invocation by an id in its input alone, whatever the id is made of", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const invocations = yield* InvocationDetails
        const ids = ["d_1", "d_11", "d'1", "d%1", "d\\1", "日本"]
        const sent = yield* Effect.forEach(ids, (id) =>
          restate.send(`${dogged}/${encodeURIComponent(id)}/NapFor`, { id })
        )
        const found = yield* Effect.forEach(ids, (id) =>
          inRealTime(invocations.withInput({ service: dogged, handler: "NapFor", id, keys: [id], since: 0 }))
        )
        assert.deepStrictEqual(
          found,
          sent.map((id) => [id])
        )
        for (const id of sent) yield* restate.kill(id)
      })
    )

    it.effect("knows no invocation that Restate does not know", () =>
      Effect.gen(function* () {
        const invocations = yield* InvocationDetails
        assert.isTrue(Option.isNone(yield* inRealTime(invocations.of("d_unknown"))))
      })
    )
  }
)
