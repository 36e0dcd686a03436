import { randomInt } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SlackServer, slackServer } from "../../dev/simulators/SlackServer.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { clickhouseClient, insertRows, sharedClickhouse } from "../support/stack/Clickhouse.ts"
import { messageOf, postRaw } from "./support/ingress.ts"
import { type StackOptions, stack } from "./support/Stack.ts"

const options: StackOptions = { regions: [] }
const check = (key: string) => postRaw(`hydra.v1.QuotaCheckService/${key}/RunCheck`, "{}")

/** ClickHouse is shared, and a check reads all workspaces: only these have usage in this year. */
const year = randomInt(3000, 9000)
const month = `${year}-02`

const usedIn = (ofMonth: number) => (workspace_id: string, count: number) => ({
  year,
  month: ofMonth,
  workspace_id,
  count
})
const used = usedIn(2)
const usedBefore = usedIn(1)

/** Usage as the API's own tables have it: two kinds, each in as many rows as it was counted in. */
const seedUsage = Effect.gen(function* () {
  const { url } = yield* sharedClickhouse
  const client = yield* clickhouseClient(url)
  yield* insertRows(client, "billable_verifications_per_month_v2", [
    used("ws_above", 900_000),
    used("ws_below", 150_000),
    used("ws_unlimited", 9_000_000),
    used("ws_small", 149_999),
    usedBefore("ws_before", 5_000_000),
    usedBefore("ws_below", 5_000_000)
  ])
  // Parts that only a background merge would sum.
  yield* insertRows(client, "billable_verifications_per_month_v2", [used("ws_above", 600_000)])
  yield* insertRows(client, "billable_ratelimits_per_month_v2", [used("ws_above", 700_000), used("ws_below", 49_000)])
  yield* insertRows(client, "billable_ratelimits_per_month_v2", [used("ws_above", 300_000), used("ws_below", 1000)])
}).pipe(Effect.scoped)

const withSlack = Layer.unwrapEffect(
  Effect.all([sharedClickhouse, SlackServer]).pipe(
    Effect.map(([clickhouse, slack]) =>
      stack({
        ...options,
        env: { WORKER_CLICKHOUSE_URL: clickhouse.url, WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: slack.url }
      })
    )
  )
).pipe(Layer.provideMerge(slackServer))

layer(withSlack, { excludeTestServices: true, timeout: "1 minute" })("a quota check through the ingress", (it) => {
  it.effect("tells Slack about the workspace that has used too much in both tables together, once", () =>
    Effect.gen(function* () {
      yield* seedWorkspace("ws_above", 1_000_000, { name: "Shop", org_id: "org_1", stripe_customer_id: "cus_1" })
      yield* seedWorkspace("ws_below", 1_000_000)
      yield* seedWorkspace("ws_unlimited", 0)
      yield* seedWorkspace("ws_small", 10)
      yield* seedWorkspace("ws_before", 1_000_000)
      yield* seedUsage
      const answer = { status: 200, text: '{"workspacesChecked":3,"workspacesExceeded":1,"notificationsSent":1}' }
      assert.deepStrictEqual(yield* check(month), answer)
      const { messages } = yield* SlackServer
      const field = (name: string, value: string) => ({ type: "mrkdwn", text: `*${name}:*\n${value}` })
      const title = "Quota Exceeded: Shop"
      assert.deepStrictEqual(messages, [
        {
          text: title,
          blocks: [
            { type: "header", text: { type: "plain_text", text: title, emoji: true } },
            {
              type: "section",
              fields: [
                field("Workspace ID", "`ws_above`"),
                field("Workspace Name", "Shop"),
                field("Organisation ID", "`org_1`"),
                field("Stripe ID", "`cus_1`")
              ]
            },
            { type: "section", fields: [field("Tier", "Free"), field("Quota", "RequestsPerMonth")] },
            { type: "section", fields: [field("Limit", "1,000,000"), field("Used", "2,500,000")] }
          ]
        }
      ])
      const again = { status: 200, text: '{"workspacesChecked":3,"workspacesExceeded":1}' }
      assert.deepStrictEqual(yield* check(month), again)
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
