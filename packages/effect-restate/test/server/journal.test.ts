import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient, type Row, untilInvocation } from "../../../../test/support/stack/Restate.ts"
import { exhausted } from "../fixtures/exhausted.ts"
import { canary, everyLeak, leaky } from "../fixtures/leaks.ts"
import { probe } from "../fixtures/Probe.ts"
import { Telemetry } from "../fixtures/telemetry.ts"
import { freshKey, recorded } from "../suite/Host.ts"
import { probeOptions, servingServer } from "./serverHost.ts"

const service = "Explicit"
const impatient = probe("Impatient", {
  ...probeOptions("Explicit"),
  inactivityTimeout: "100 millis",
  abortTimeout: "100 millis"
})
const server = servingServer("0 millis", [probe(service, probeOptions("Explicit")), impatient, leaky, exhausted])

/** How a text looks in a column of bytes. */
const spellings = [canary, Buffer.from(canary).toString("hex"), Buffer.from(canary).toString("base64").slice(0, -4)]

const commands = (journal: ReadonlyArray<Row>) =>
  journal.filter((row) => String(row.entry_type).startsWith("Command")).map((row) => row.entry_type)

layer(server, { excludeTestServices: true, timeout: "1 minute" })("what Restate keeps", (it) => {
  it.effect("a sleeping workflow is suspended: it holds no connection and no memory of the worker", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const id = yield* restate.send(`${service}/${yield* freshKey}/nap`, 3_600_000)
      yield* untilInvocation(restate, id, (row) => row.status === "suspended")
      yield* restate.kill(id)
    })
  )

  it.effect("a step that passes with time leaves one entry and no failure in the journal", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const id = yield* restate.send(`${service}/${yield* freshKey}/busy`)
      assert.strictEqual((yield* restate.attach(id)).body, 3)
      const journal = yield* restate.journal(id)
      assert.deepStrictEqual(commands(journal), ["Command: Input", "Command: Run", "Command: Output"])
      assert.notInclude(JSON.stringify(journal), "Failure")
    })
  )

  it.effect("each try of a durable retry is an entry of its own", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const id = yield* restate.send(`${service}/${yield* freshKey}/poll`)
      assert.strictEqual((yield* restate.attach(id)).body, 5)
      const journaled = commands(yield* restate.journal(id))
      assert.strictEqual(journaled.filter((type) => type === "Command: Sleep").length, 4)
    })
  )

  it.effect("a step longer than inactivity and abort timeout together loses its result, and runs again", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const key = yield* freshKey
      const id = yield* restate.send(`Impatient/${key}/longStep`, 600)
      yield* untilInvocation(restate, id, () => true)
      yield* Effect.repeat(recorded(key), { until: (notes) => notes.filter((it) => it === "long started").length > 1 })
      yield* restate.kill(id)
    })
  )

  it.effect(
    "an invocation whose retries are exhausted is paused, or ends and leaves its key, as its handler says",
    () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const key = yield* freshKey
        assert.strictEqual((yield* restate.call(`Exhausted/${key}/ends`)).status, 500)
        assert.strictEqual((yield* restate.call(`Exhausted/${key}/works`)).status, 200)
        const paused = yield* restate.send(`Exhausted/${key}/pauses`)
        yield* untilInvocation(restate, paused, (row) => row.status === "paused")
        yield* restate.kill(paused)
      })
  )

  it.effect("no text of a defect gets into the tables of Restate, only its class; the log has it", () =>
    Effect.gen(function* () {
      const restate = yield* RestateClient
      const { lines } = yield* Telemetry
      for (const leak of everyLeak) {
        const id = yield* restate.send(`Leaks/${yield* freshKey}/leak`, leak)
        const reply = yield* restate.attach(id)
        // An answer that does not fit would not fit the next time either.
        if (leak === "an output that does not fit") assert.strictEqual(reply.status, 500)
        else assert.deepStrictEqual([reply.status, reply.body], [200, 1], leak)
        for (const text of spellings) assert.notInclude(JSON.stringify(reply.body), text, leak)
        for (const table of ["sys_invocation", "sys_journal", "sys_journal_events"]) {
          const rows = JSON.stringify(yield* restate.sql(`SELECT * FROM ${table}`))
          for (const text of spellings) assert.notInclude(rows, text, `${leak}: ${table}`)
        }
      }
      const events = yield* restate.sql("SELECT * FROM sys_journal_events")
      // A result and an answer that do not fit end at once; every other leak is tried again, which is an event.
      assert.isAtLeast(events.length, everyLeak.length - 2)
      assert.include(JSON.stringify(events), "SqlError")
      assert.isTrue(lines.some(({ text }) => text.includes(canary)))
    })
  )
})
