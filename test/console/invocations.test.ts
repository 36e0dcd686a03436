import { assert, describe, it } from "@effect/vitest"
import { Context, Effect } from "effect"
import { InvocationDetails } from "../../src/operations/InvocationDetails.ts"
import { type InvocationFilter, InvocationList } from "../../src/operations/lists/InvocationList.ts"
import { withToken } from "./console.ts"
import { onConsole } from "./onConsole.ts"
import { noSources } from "./sources.ts"

const headers = withToken

/** Restate, which has no invocation but of a service of another program, and what it was asked. */
const restate = () => {
  const asked: Array<InvocationFilter> = []
  const list: InvocationList["Type"] = {
    page: (filter) =>
      Effect.sync(() => {
        asked.push(filter)
        return { items: [], next: null }
      }),
    services: Effect.succeed(["other.v1.Mailer"])
  }
  return { asked, sources: Context.add(noSources, InvocationList, list) }
}

describe("the list of invocations", () => {
  it.effect(
    "takes the short name of a service, also of one without invocations, and tells what was probably meant",
    () => {
      const { asked, sources } = restate()
      return onConsole(
        (ask) =>
          Effect.gen(function* () {
            for (const service of ["DeployService", "deploy", "hydra.v1.DeployService", "mailer"])
              assert.strictEqual((yield* ask(`/api/invocations?service=${service}`, { headers })).status, 200, service)
            assert.deepStrictEqual(
              asked.map(({ service }) => service),
              ["hydra.v1.DeployService", "hydra.v1.DeployService", "hydra.v1.DeployService", "other.v1.Mailer"]
            )
            const unknown = yield* ask("/api/invocations?service=mail", { headers })
            assert.strictEqual(unknown.status, 404)
            assert.deepStrictEqual(JSON.parse(unknown.text).suggestions, ["other.v1.Mailer"])
            const services = yield* ask("/api/services", { headers })
            assert.deepStrictEqual(JSON.parse(services.text).data, ["hydra.v1.DeployService", "other.v1.Mailer"])
          }),
        { sources }
      )
    }
  )

  it.effect("searches for ids, keys and domains as they are stored, and for the deploy of a deployment", () => {
    const { asked, sources } = restate()
    const details = {
      of: () => Effect.dieMessage("not asked"),
      ofKeys: () => Effect.dieMessage("not asked"),
      withInput: () => Effect.succeed(["inv_deploy"])
    }
    return onConsole(
      (ask) =>
        Effect.gen(function* () {
          for (const q of ["proj_1", "WWW.b%C3%BCcher.example", "d_1"])
            assert.strictEqual((yield* ask(`/api/invocations?q=${q}`, { headers })).status, 200)
          assert.deepStrictEqual(
            asked.map(({ named }) => named),
            [
              ["proj_1"],
              ["WWW.bücher.example", "www.xn--bcher-kva.example", "www.xn--bcher-kva.example."],
              ["d_1", "inv_deploy"]
            ]
          )
        }),
      { sources: Context.add(sources, InvocationDetails, details) }
    )
  })
})
