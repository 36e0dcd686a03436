import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, TestClock } from "effect"
import { domainFacts } from "../../src/operations/domain/DomainFacts.ts"
import { DomainRecords } from "../../src/operations/domain/DomainRecords.ts"
import { type InvocationDetail, InvocationDetails } from "../../src/operations/InvocationDetails.ts"
import { SourceUnavailable } from "../../src/operations/SourceUnavailable.ts"
import { check, verifying } from "./domains.ts"
import { now } from "./facts.ts"

const away = new SourceUnavailable({ source: "database", reason: "unreachable" })

interface Sources {
  readonly stored: ReturnType<DomainRecords["Type"]["find"]>
  readonly invocations: Readonly<Record<string, InvocationDetail>>
}

const read = (name: string, { invocations, stored }: Sources) => {
  const asked: Array<ReadonlyArray<string>> = []
  const sources = Layer.merge(
    Layer.succeed(DomainRecords, {
      find: (spellings) =>
        Effect.zipRight(
          Effect.sync(() => asked.push(spellings)),
          stored
        )
    }),
    Layer.succeed(InvocationDetails, {
      of: (id) => Effect.succeed(Option.fromNullable(Object.values(invocations).find((one) => one.id === id))),
      withInput: () => Effect.succeed([]),
      ofKeys: ({ service }) =>
        Effect.succeed(Object.values(invocations).flatMap((one) => (one.service === service ? [one.id] : [])))
    })
  )
  return Effect.zipRight(TestClock.setTime(now), Effect.provide(domainFacts(name), sources)).pipe(
    Effect.map((facts) => ({ facts, asked }))
  )
}

describe("the facts of a domain", () => {
  it.effect("join the row with its next check, in any spelling", () =>
    Effect.gen(function* () {
      const stored = Effect.succeed(Option.fromNullable(verifying.domain))
      const { asked, facts } = yield* read("WWW.example.com.", { stored, invocations: { check } })
      assert.deepStrictEqual(facts, verifying)
      assert.deepStrictEqual(asked, [["WWW.example.com.", "www.example.com", "www.example.com."]])
    })
  )

  it.effect("an internationalized name is found by its A-labels", () =>
    Effect.gen(function* () {
      const stored = Effect.succeed(Option.fromNullable(verifying.domain))
      const { asked, facts } = yield* read("shop.Bücher.example", { stored, invocations: {} })
      assert.strictEqual(facts.name, "shop.xn--bcher-kva.example")
      assert.include(asked.flat(), "shop.xn--bcher-kva.example")
    })
  )

  it.effect("an unknown domain is an error, and a missing source is named", () =>
    Effect.gen(function* () {
      const unknown = yield* Effect.flip(read("www.example.com", { stored: Effect.succeedNone, invocations: {} }))
      assert.strictEqual(unknown.message, "there is no domain www.example.com")
      const { facts } = yield* read("www.example.com", { stored: away, invocations: { check } })
      assert.deepStrictEqual(facts.missing, [{ source: "database", reason: "unreachable" }])
      assert.deepStrictEqual(facts.verification, check)
    })
  )
})
