import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, HashMap, Logger, Option } from "effect"
import { type ActionOutcome, InvocationActions } from "../../src/operations/InvocationActions.ts"
import { withToken } from "./console.ts"
import { onConsole } from "./onConsole.ts"
import { noSources } from "./sources.ts"

const id = "inv_1iIrnYJc45nP3hxHqIciJyNAIdSjbYMvCz"
const own = { "x-console-action": "1", "content-type": "application/json", "sec-fetch-site": "same-origin" }
const settings = { actions: true }

/** Restate, which answers every action in this way, and what it was asked. */
const restate = (outcome: ActionOutcome) => {
  const asked: Array<string> = []
  const act = (action: string) => (invocation: string) =>
    Effect.sync(() => {
      asked.push(`${action} ${invocation}`)
      return outcome
    })
  const actions = { cancel: act("cancel"), kill: act("kill"), resume: act("resume") }
  return { asked, sources: Context.add(noSources, InvocationActions, actions) }
}

const accepted: ActionOutcome = { _tag: "accepted" }

describe("an action of the console", () => {
  it.effect("is refused while actions are switched off, also for a user", () => {
    const { asked, sources } = restate(accepted)
    return onConsole(
      (ask) =>
        Effect.gen(function* () {
          const headers = { ...own, ...withToken }
          const answer = yield* ask(`/api/invocations/${id}/kill`, { method: "POST", headers, body: "{}" })
          assert.strictEqual(answer.status, 403)
          assert.include(answer.text, "console.actions is false")
          assert.deepStrictEqual(asked, [])
        }),
      { sources }
    )
  })

  it.effect(
    "is refused without a login, from a page of another site, and as a page of another site could send it",
    () => {
      const { asked, sources } = restate(accepted)
      const refused: ReadonlyArray<readonly [status: number, headers: Record<string, string>]> = [
        [401, own],
        [403, { ...withToken, ...own, "sec-fetch-site": "cross-site" }],
        [403, { ...withToken, ...own, "sec-fetch-site": "same-site" }],
        [
          403,
          { ...withToken, "x-console-action": "1", "content-type": "application/json", origin: "https://evil.example" }
        ],
        [403, { ...withToken, "content-type": "application/json" }],
        [415, { ...withToken, ...own, "content-type": "text/plain" }],
        [415, { ...withToken, ...own, "content-type": "application/x-www-form-urlencoded" }]
      ]
      return onConsole(
        (ask) =>
          Effect.gen(function* () {
            for (const [status, headers] of refused) {
              const answer = yield* ask(`/api/invocations/${id}/kill`, { method: "POST", headers, body: "{}" })
              assert.strictEqual(answer.status, status, JSON.stringify(headers))
            }
            const got = yield* ask(`/api/invocations/${id}/kill`, { headers: { ...own, ...withToken } })
            assert.strictEqual(got.status, 404)
            assert.deepStrictEqual(asked, [])
          }),
        { sources, settings }
      )
    }
  )

  it.effect("is what the command of its name does, on one invocation that is named by its id", () => {
    const { asked, sources } = restate(accepted)
    const headers = { ...own, ...withToken }
    return onConsole(
      (ask) =>
        Effect.gen(function* () {
          for (const action of ["resume", "retry", "cancel", "kill"])
            assert.strictEqual(
              (yield* ask(`/api/invocations/${id}/${action}`, { method: "POST", headers, body: "{}" })).status,
              200
            )
          assert.deepStrictEqual(asked, [`resume ${id}`, `resume ${id}`, `cancel ${id}`, `kill ${id}`])
          for (const path of [`${id}/purge`, `${id}/constructor`, "proj_1/kill", "..%2f..%2fdeployments/kill"])
            assert.strictEqual(
              (yield* ask(`/api/invocations/${path}`, { method: "POST", headers, body: "{}" })).status,
              404,
              path
            )
          assert.lengthOf(asked, 4)
        }),
      { sources, settings }
    )
  })

  it.effect("is a line of the log with the user, the action and what came of it", () => {
    const { sources } = restate({ _tag: "refused", reason: "it has completed" })
    const lines: Array<Record<string, unknown>> = []
    const logger = Logger.make(({ annotations }) => {
      lines.push(Object.fromEntries(HashMap.toEntries(annotations)))
    })
    return onConsole(
      (ask) =>
        Effect.gen(function* () {
          const headers = { ...own, "x-user": "ada" }
          const sent = { method: "POST", headers, body: "{}", from: "127.0.0.1" }
          const answer = yield* ask(`/api/invocations/${id}/cancel`, sent)
          assert.deepStrictEqual(JSON.parse(answer.text).data, { outcome: "refused", reason: "it has completed" })
          assert.deepStrictEqual(lines, [
            {
              event: "console.action",
              action: "cancel",
              invocation: id,
              outcome: "refused",
              user: "ada",
              address: "127.0.0.1"
            }
          ])
        }),
      { sources, settings: { ...settings, userHeader: Option.some("x-user") } }
    ).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
  })
})
