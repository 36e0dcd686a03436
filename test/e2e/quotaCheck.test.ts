import { fileURLToPath } from "node:url"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SlackServer, slackServer } from "../../dev/simulators/SlackServer.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { messageOf, postRaw } from "./support/ingress.ts"
import { type StackOptions, stack } from "./support/Stack.ts"

const options: StackOptions = { regions: [] }
const check = (key: string) => postRaw(`hydra.v1.QuotaCheckService/${key}/RunCheck`, "{}")

const used = { ws_above: 2_500_000, ws_below: 200_000, ws_unlimited: 9_000_000, ws_small: 149_999 }

const withSlack = Layer.unwrapEffect(
  Effect.map(SlackServer, ({ url }) =>
    stack({
      ...options,
      entry: fileURLToPath(new URL("support/upkeepWorker.ts", import.meta.url)),
      env: { WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: url, TEST_USAGE: JSON.stringify(used) }
    })
  )
).pipe(Layer.provideMerge(slackServer))

layer(withSlack, { excludeTestServices: true, timeout: "1 minute" })("a quota check through the ingress", (it) => {
  it.effect("tells Slack about the workspace that uses too much, once", () =>
    Effect.gen(function* () {
      yield* seedWorkspace("ws_above", 1_000_000, { name: "Shop", org_id: "org_1", stripe_customer_id: "cus_1" })
      yield* seedWorkspace("ws_below", 1_000_000)
      yield* seedWorkspace("ws_unlimited", 0)
      yield* seedWorkspace("ws_small", 10)
      const answer = { status: 200, text: '{"workspacesChecked":3,"workspacesExceeded":1,"notificationsSent":1}' }
      assert.deepStrictEqual(yield* check("2026-02"), answer)
      const { messages } = yield* SlackServer
      const field = (name: string, value: string) => ({ type: "mrkdwn", text: `*${name}:*\n${value}` })
      const title = "Shop has used up its monthly quota"
      assert.deepStrictEqual(messages, [
        {
          text: title,
          blocks: [
            { type: "header", text: { type: "plain_text", text: title, emoji: true } },
            {
              type: "section",
              fields: [
                field("Workspace ID", "ws_above"),
                field("Workspace Name", "Shop"),
                field("Organisation ID", "org_1"),
                field("Stripe ID", "cus_1")
              ]
            },
            { type: "section", fields: [field("Tier", "Free"), field("Quota", "RequestsPerMonth")] },
            { type: "section", fields: [field("Limit", "1,000,000"), field("Used", "2,500,000")] }
          ]
        }
      ])
      const again = { status: 200, text: '{"workspacesChecked":3,"workspacesExceeded":1}' }
      assert.deepStrictEqual(yield* check("2026-02"), again)
      assert.lengthOf(messages, 1)
    })
  )

  it.effect("[W35] of a month that does not exist is refused with 400", () =>
    Effect.gen(function* () {
      const reply = yield* check("2026-13")
      assert.deepStrictEqual([reply.status, messageOf(reply)], [400, "key: must be a month, YYYY-MM"])
    })
  )
})

layer(stack(options), { excludeTestServices: true, timeout: "1 minute" })(
  "a worker without an analytics database",
  (it) => {
    it.effect("says that quotas cannot be checked, instead of finding nothing wrong", () =>
      Effect.gen(function* () {
        const reply = yield* check("2026-02")
        assert.deepStrictEqual(
          [reply.status, messageOf(reply)],
          [500, "quotas cannot be checked: clickhouse.url is not set"]
        )
      })
    )
  }
)
