import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted, TestClock } from "effect"
import { SlackServer, slackServer } from "../../dev/simulators/SlackServer.ts"
import { SlackNotifierLive } from "../../src/layers/slack/SlackNotifierLive.ts"
import { slackMessage } from "../../src/layers/slack/slackMessage.ts"
import { NotificationFailed, Notifier, type QuotaNotice } from "../../src/services/quotaCheck/Notifier.ts"
import { untilIo } from "../support/untilIo.ts"

const notice: QuotaNotice = {
  kind: "first",
  workspaceId: "ws_1",
  workspaceName: "Shop & <Sons>",
  orgId: "org_1",
  stripeCustomerId: null,
  tier: "Pro",
  limit: 1_000_000,
  used: 1_234_567
}

const to = (url: Option.Option<string>) => SlackNotifierLive(Option.map(url, Redacted.make))

const send = Effect.flatMap(SlackServer, ({ url }) =>
  Effect.flatMap(Notifier, (notifier) => notifier.quotaExceeded(notice)).pipe(Effect.provide(to(Option.some(url))))
)

describe("a Slack message", () => {
  it("has the title, blocks and fields of the Go worker", () => {
    const title = "Quota Exceeded: Shop & <Sons>"
    const field = (name: string, value: string) => ({ type: "mrkdwn", text: `*${name}:*\n${value}` })
    assert.deepStrictEqual(slackMessage(notice), {
      text: "Quota Exceeded: Shop &amp; &lt;Sons&gt;",
      blocks: [
        { type: "header", text: { type: "plain_text", text: title, emoji: true } },
        {
          type: "section",
          fields: [
            field("Workspace ID", "`ws_1`"),
            field("Workspace Name", "Shop &amp; &lt;Sons&gt;"),
            field("Organisation ID", "`org_1`"),
            field("Stripe ID", "``")
          ]
        },
        { type: "section", fields: [field("Tier", "Pro"), field("Quota", "RequestsPerMonth")] },
        { type: "section", fields: [field("Limit", "1,000,000"), field("Used", "1,234,567")] }
      ]
    })
  })

  it("says when it is a reminder", () => {
    const { text } = slackMessage({ ...notice, kind: "reminder", workspaceName: "Shop" })
    assert.strictEqual(text, "Quota Still Exceeded (Weekly Reminder): Shop")
  })

  it("stays within Slack's limits whatever a workspace is called", () => {
    const { blocks } = slackMessage({ ...notice, workspaceName: "🗝".repeat(256) })
    const [header] = blocks
    assert.isTrue(header !== undefined && "text" in header && [...header.text.text].length <= 150)
    assert.isTrue(JSON.stringify(blocks).isWellFormed())
  })
})

describe("the Slack notifier", () => {
  it.effect("posts the message as JSON and takes 200 for an answer", () =>
    Effect.gen(function* () {
      yield* send
      assert.deepStrictEqual((yield* SlackServer).messages, [slackMessage(notice)])
    }).pipe(Effect.provide(slackServer))
  )

  for (const status of [201, 204, 302, 400, 404, 500])
    it.effect(`takes ${status} for a refusal`, () =>
      Effect.gen(function* () {
        yield* (yield* SlackServer).answerWith({ status })
        const failure = yield* Effect.flip(send)
        assert.deepStrictEqual(failure, new NotificationFailed({ reason: "refused", status }))
      }).pipe(Effect.provide(slackServer))
    )

  for (const [header, seconds] of [
    ["30", { retryAfterSeconds: 30 }],
    ["soon", {}],
    ["-1", {}]
  ] as const)
    it.effect(`passes on how long Slack wants to be left alone: ${header}`, () =>
      Effect.gen(function* () {
        yield* (yield* SlackServer).answerWith({ status: 429, headers: { "retry-after": header } })
        const failure = yield* Effect.flip(send)
        assert.deepStrictEqual(failure, new NotificationFailed({ reason: "refused", status: 429, ...seconds }))
      }).pipe(Effect.provide(slackServer))
    )

  it.effect("gives up after 10 s, and names no address", () =>
    Effect.gen(function* () {
      const slack = yield* SlackServer
      yield* slack.answerWith("silence")
      const sending = yield* Effect.fork(Effect.flip(send))
      yield* untilIo(Effect.sync(() => slack.messages.length > 0))
      yield* TestClock.adjust("10 seconds")
      const failure = yield* Fiber.join(sending)
      assert.deepStrictEqual(failure, new NotificationFailed({ reason: "timeout" }))
      assert.notInclude(`${failure.message}${JSON.stringify(failure)}`, "secret")
    }).pipe(Effect.provide(slackServer))
  )

  it.effect("fails as unreachable without the URL in the error", () =>
    Effect.gen(function* () {
      const notifier = yield* Notifier
      const failure = yield* Effect.flip(notifier.quotaExceeded(notice))
      assert.deepStrictEqual(failure, new NotificationFailed({ reason: "unreachable" }))
      assert.notInclude(`${failure.message}${JSON.stringify(failure)}`, "secret")
    }).pipe(Effect.provide(to(Option.some("http://127.0.0.1:1/secret"))))
  )

  it.effect("without a webhook succeeds without a request", () =>
    Effect.flatMap(Notifier, (notifier) => notifier.quotaExceeded(notice)).pipe(Effect.provide(to(Option.none())))
  )
})
