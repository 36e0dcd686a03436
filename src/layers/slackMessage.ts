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

const section = (...fields: ReadonlyArray<ReturnType<typeof field>>) => ({ type: "section", fields })

const thousands = (count: number): string => count.toLocaleString("en-US")

const headline = ({ kind, workspaceName }: QuotaNotice): string =>
  kind === "first"
    ? `${workspaceName} has used up its monthly quota`
    : `Reminder: ${workspaceName} is still above its monthly quota`

/** A notice as the body of a request to a Slack webhook. */
export const slackMessage = (notice: QuotaNotice) => {
  const title = headline(notice)
  return {
    text: escaped(title),
    blocks: [
      { type: "header", text: { type: "plain_text", text: shortened(title, headerLength), emoji: true } },
      section(
        field("Workspace ID", notice.workspaceId),
        field("Workspace Name", notice.workspaceName),
        field("Organisation ID", notice.orgId),
        field("Stripe ID", notice.stripeCustomerId ?? "none")
      ),
      section(field("Tier", notice.tier ?? "none"), field("Quota", "RequestsPerMonth")),
      section(field("Limit", thousands(notice.limit)), field("Used", thousands(notice.used)))
    ]
  }
}
