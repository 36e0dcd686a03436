import type { QuotaNotice } from "../../services/quotaCheck/Notifier.ts"
import { shortened } from "../../text/codePoints.ts"

/** Slack's limits for the text of a header and of a field. */
const headerLength = 150
const fieldLength = 2000

/** The three reserved characters of Slack's markup. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const field = (name: string, value: string) => ({
  type: "mrkdwn",
  text: `*${name}:*\n${shortened(escaped(value), fieldLength - 100)}`
})

const identifier = (name: string, value: string) => field(name, `\`${value}\``)

const section = (...fields: ReadonlyArray<ReturnType<typeof field>>) => ({ type: "section", fields })

const thousands = (count: number): string => count.toLocaleString("en-US")

/** Title and fields match the Go worker's, for existing filters. */
const headline = ({ kind, workspaceName }: QuotaNotice): string =>
  kind === "first" ? `Quota Exceeded: ${workspaceName}` : `Quota Still Exceeded (Weekly Reminder): ${workspaceName}`

/** The body of a webhook request for a notice. */
export const slackMessage = (notice: QuotaNotice) => {
  const title = headline(notice)
  return {
    text: escaped(title),
    blocks: [
      { type: "header", text: { type: "plain_text", text: shortened(title, headerLength), emoji: true } },
      section(
        identifier("Workspace ID", notice.workspaceId),
        field("Workspace Name", notice.workspaceName),
        identifier("Organisation ID", notice.orgId),
        identifier("Stripe ID", notice.stripeCustomerId ?? "")
      ),
      section(field("Tier", notice.tier ?? ""), field("Quota", "RequestsPerMonth")),
      section(field("Limit", thousands(notice.limit)), field("Used", thousands(notice.used)))
    ]
  }
}
