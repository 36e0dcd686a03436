import { assert, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient, untilInvocation } from "../../../../test/support/stack/Restate.ts"
import { freshKey, Host, recorded, start, succeed, times, untilNoted } from "../suite/Host.ts"
import { invocationGuarantees } from "../suite/invocations.ts"
import { recurringGuarantees } from "../suite/recurring.ts"
import type { HostServices } from "../suite/semantics.ts"
import { workflowGuarantees } from "../suite/workflows.ts"

const untilSuspended = (id: string) =>
  Effect.flatMap(RestateClient, (restate) =>
    Effect.orDie(untilInvocation(restate, id, ({ status }) => status === "suspended"))
  )

/** Promises, signals, attachments and recurring handlers, on a server that suspends what waits for long: also across a suspension. */
export const suspendedGuarantees = (it: Vitest.MethodsNonLive<HostServices | RestateClient, true>): void => {
  workflowGuarantees(it)
  invocationGuarantees(it)
  recurringGuarantees(it)

  it.effect("a durable promise that is completed after the workflow was suspended resumes it", () =>
    Effect.gen(function* () {
      const { attach, beside } = yield* Host
      const key = yield* freshKey
      const run = yield* beside.send({ service: "Workflow", key, handler: "run" })
      yield* untilSuspended(run)
      yield* beside.call({ service: "Workflow", key, handler: "approve" })
      assert.strictEqual((yield* attach(run)).body, "approved at 1970-01-01T00:00:00.000Z")
      assert.deepStrictEqual(yield* recorded(key), ["asked"])
    })
  )

  it.effect("a signal that is sent after the receiver was suspended resumes it", () =>
    Effect.gen(function* () {
      const { attach } = yield* Host
      const { id, key } = yield* start("waitsForSignals")
      yield* untilSuspended(id)
      yield* succeed("signals", { id, millis: 0 })
      yield* untilNoted(key, "first")
      yield* succeed("signals", { id, millis: 1000 })
      assert.deepStrictEqual((yield* attach(id)).body, ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.000Z"])
      assert.strictEqual(yield* times(key, "first"), 1)
    })
  )

  it.effect("a handler that was suspended while it is attached to another one is told of its end", () =>
    Effect.gen(function* () {
      const { attach } = yield* Host
      const napping = yield* start("nap", 3000)
      const attached = yield* start("attaches", napping.id)
      yield* untilSuspended(attached.id)
      assert.strictEqual((yield* attach(attached.id)).body, "slept")
    })
  )
}
