import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, TestClock } from "effect"
import { DeploymentList, deploymentStatuses, type ListedDeployment } from "../../src/operations/lists/DeploymentList.ts"
import { deployment } from "../operations/facts.ts"
import { withToken } from "./console.ts"
import { onConsole } from "./onConsole.ts"
import { noSources } from "./sources.ts"

const headers = withToken

const withDeployments = (page: DeploymentList["Type"]["page"]) =>
  Context.add(noSources, DeploymentList, { page, routesOf: () => Effect.succeed([]) })

const listed: ListedDeployment = deployment

describe("a request of the console", () => {
  it.effect("is refused while sixteen others run, and served once one of them has ended", () =>
    Effect.gen(function* () {
      const open = yield* Deferred.make<void>()
      const sources = withDeployments(() => Effect.as(Deferred.await(open), { items: [], next: null }))
      yield* onConsole(
        (ask) =>
          Effect.gen(function* () {
            const others = yield* Effect.fork(
              Effect.all(
                Array.from({ length: 16 }, () => ask("/api/deployments", { headers })),
                { concurrency: "unbounded" }
              )
            )
            yield* TestClock.adjust("1 second")
            const refused = yield* ask("/api/about", { headers })
            assert.strictEqual(refused.status, 503)
            assert.strictEqual(refused.headers.get("retry-after"), "1")
            assert.strictEqual((yield* ask("/login")).status, 200)
            yield* Deferred.succeed(open, undefined)
            assert.deepStrictEqual([...new Set((yield* Fiber.join(others)).map(({ status }) => status))], [200])
            assert.strictEqual((yield* ask("/api/about", { headers })).status, 200)
          }),
        { sources }
      )
    })
  )

  it.effect("waits five seconds for a source, and names it then", () =>
    onConsole(
      (ask) =>
        Effect.gen(function* () {
          const answer = yield* Effect.fork(ask("/api/deployments", { headers }))
          yield* TestClock.adjust("5 seconds")
          assert.deepStrictEqual(JSON.parse((yield* Fiber.join(answer)).text), {
            data: { items: [], next: null },
            missing: [{ source: "database", reason: "no answer within 5s" }]
          })
        }),
      { sources: withDeployments(() => Effect.never) }
    )
  )

  it.effect("has a page of at most 200 entries, and asks the source for no more", () => {
    const asked: Array<number> = []
    const sources = withDeployments((_, { limit }) =>
      Effect.sync(() => {
        asked.push(limit)
        return { items: [], next: null }
      })
    )
    return onConsole(
      (ask) =>
        Effect.gen(function* () {
          for (const query of [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=x",
            "limit=1.5",
            `project=${"p".repeat(257)}`
          ])
            assert.strictEqual((yield* ask(`/api/deployments?${query}`, { headers })).status, 400, query)
          for (const query of ["", "?limit=200", "?limit=", `?status=${deploymentStatuses[0]}`])
            assert.strictEqual((yield* ask(`/api/deployments${query}`, { headers })).status, 200, query)
          assert.deepStrictEqual(asked, [50, 200, 50, 50])
        }),
      { sources }
    )
  })

  it.effect("answers with the texts that tenants wrote as JSON alone, whatever they hold", () => {
    const gitBranch = '</script><script>alert("\u2028")</script>\u0000\ud800'
    const createdAt = Number.MAX_SAFE_INTEGER
    const sources = withDeployments(() => Effect.succeed({ items: [{ ...listed, gitBranch, createdAt }], next: null }))
    return onConsole(
      (ask) =>
        Effect.gen(function* () {
          const answer = yield* ask("/api/deployments", { headers })
          assert.strictEqual(answer.status, 200)
          assert.strictEqual(answer.headers.get("content-type"), "application/json")
          assert.strictEqual(JSON.parse(answer.text).data.items[0].gitBranch, gitBranch)
          assert.strictEqual(JSON.parse(answer.text).data.items[0].createdAt, "+275760-09-13T00:00:00.000Z")
        }),
      { sources }
    )
  })

  it.effect("that fails unexpectedly is answered without the cause, which may hold a secret", () =>
    onConsole(
      (ask) =>
        Effect.gen(function* () {
          const answer = yield* ask("/api/deployments", { headers })
          assert.strictEqual(answer.status, 500)
          assert.notInclude(answer.text, "pa55word")
        }),
      { sources: withDeployments(() => Effect.dieMessage("pa55word")) }
    )
  )
})
