import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted, TestClock } from "effect"
import { SlackServer, slackServer } from "../../dev/simulators/SlackServer.ts"
import { HttpHeartbeatLive } from "../../src/layers/HttpHeartbeatLive.ts"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../../src/services/Heartbeat.ts"
import { untilIo } from "../support/untilIo.ts"

const beatTo = (url: string, job: HeartbeatJob) =>
  Effect.flatMap(Heartbeat, (heartbeat) => heartbeat.send(job)).pipe(
    Effect.provide(
      HttpHeartbeatLive({
        cert_renewal: Option.none(),
        quota_check: Option.none(),
        key_refill: Option.some(Redacted.make(url))
      })
    )
  )
const sendHeartbeat = (job: HeartbeatJob) => Effect.flatMap(SlackServer, ({ url }) => beatTo(url, job))

describe("a heartbeat", () => {
  for (const status of [200, 202, 204])
    it.effect(`is content with ${status}`, () =>
      Effect.gen(function* () {
        const monitor = yield* SlackServer
        yield* monitor.answerWith({ status })
        yield* sendHeartbeat("key_refill")
        assert.lengthOf(monitor.messages, 1)
      }).pipe(Effect.provide(slackServer))
    )

  for (const status of [404, 500])
    it.effect(`is not taken with ${status}`, () =>
      Effect.gen(function* () {
        yield* (yield* SlackServer).answerWith({ status })
        const failure = yield* Effect.flip(sendHeartbeat("key_refill"))
        assert.deepStrictEqual(failure, new HeartbeatFailed({ job: "key_refill", reason: "refused", status }))
      }).pipe(Effect.provide(slackServer))
    )

  it.effect("of a job without a monitor succeeds without a request", () =>
    Effect.gen(function* () {
      yield* sendHeartbeat("quota_check")
      assert.lengthOf((yield* SlackServer).messages, 0)
    }).pipe(Effect.provide(slackServer))
  )

  it.effect("is given up after 10 s", () =>
    Effect.gen(function* () {
      const monitor = yield* SlackServer
      yield* monitor.answerWith("silence")
      const sending = yield* Effect.fork(Effect.flip(sendHeartbeat("key_refill")))
      yield* untilIo(Effect.sync(() => monitor.messages.length > 0))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(sending), new HeartbeatFailed({ job: "key_refill", reason: "timeout" }))
    }).pipe(Effect.provide(slackServer))
  )

  it.effect("does not include the URL when the monitor is unreachable", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(beatTo("http://127.0.0.1:1/secret", "key_refill"))
      assert.deepStrictEqual(failure, new HeartbeatFailed({ job: "key_refill", reason: "unreachable" }))
      assert.notInclude(`${failure.message}${JSON.stringify(failure)}`, "secret")
    })
  )
})
