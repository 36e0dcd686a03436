import type { QuotaNotice } from "../services/Notifier.ts"
import { shortened } from "../text/codePoints.ts"

/** Slack's own limits: of a header's text, and of one field. */
const headerLength = 150
const fieldLength = 2000

/** The three characters with a meaning of their own in Slack's markup. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const field = (name: string, value: string) => ({
  type: "mrkdwn",
  text: `*${name}:*\n${shortened(escaped(value), fieldLength - 100)}`
})

const identifier = (name: string, value: string) => field(name, `\`${value}\``)

const section = (...fields: ReadonlyArray<ReturnType<typeof field>>) => ({ type: "section", fields })

const thousands = (count: number): string => count.toLocaleString("en-US")

/** The title and the fields are those of the Go worker, for filters on them. */
const headline = ({ kind, workspaceName }: QuotaNotice): string =>
  kind === "first" ? `Quota Exceeded: ${workspaceName}` : `Quota Still Exceeded (Weekly Reminder): ${workspaceName}`

/** A notice as the body of a request to a Slack webhook. */
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
