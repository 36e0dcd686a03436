import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { keyMarker, memoryKey } from "../../support/memory/MemoryPki.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { rows } from "../../support/workflows/queries.ts"
import { certificateStories } from "./certificate.stories.ts"

const decoder = new TextDecoder()

/** Everything that Restate keeps: inputs, answers of entries, what messages carry, failures, and the state of objects. */
const keptByRestate = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* engine.drain
  const kept = engine.invocations.flatMap(({ entries, input, label, lastFailure, result, target }) => [
    label,
    decoder.decode(input),
    JSON.stringify(engine.stateOf(target.service, target.key)),
    lastFailure ?? "",
    result === undefined ? "" : result.ok ? decoder.decode(result.bytes) : result.error.message,
    ...entries.flatMap(({ answer, fingerprint }) => [
      fingerprint,
      // Payloads of state and messages stand in the fingerprint as hexadecimal.
      Buffer.from(fingerprint.split("|")[2] ?? "", "hex").toString(),
      answer === undefined ? "" : answer.ok ? decoder.decode(answer.bytes) : JSON.stringify(answer.error)
    ])
  ])
  return kept.join("\n")
})

const secretForms = [memoryKey("certificate"), memoryKey("account")].flatMap((key) => {
  const text = Redacted.value(key)
  return [text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString("base64")]
})

describe("no key stands in clear text", () => {
  for (const [name, { run, world }] of Object.entries(certificateStories))
    it.effect(`in a journal, a state, a message or a row: ${name}`, () =>
      Effect.gen(function* () {
        yield* run
        const kept = yield* keptByRestate
        const stored = JSON.stringify(yield* rows)
        for (const secret of [...secretForms, keyMarker]) {
          assert.notInclude(kept, secret)
          assert.notInclude(stored, secret)
        }
      }).pipe(on(world))
    )

  it.effect("and the search finds one where there is one", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const key = Redacted.value(memoryKey("certificate"))
      engine.setState("hydra.v1.CertificateService", "d", "issuance", { key })
      engine.request({ service: "hydra.v1.CertificateService", key: "d", handler: "Unknown" }, new Uint8Array())
      assert.include(yield* keptByRestate, JSON.stringify(key).slice(1, -1))
    }).pipe(on())
  )
})
