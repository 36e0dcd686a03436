import type { InvocationJson } from "../api/invocations.ts"
import { Facts } from "./Facts.tsx"
import { shortService } from "./invocationColumns.tsx"
import { InvocationLink } from "./links.tsx"
import { InvocationStatus } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { Moment } from "./ui/Moment.tsx"

const Wait = ({ of }: { readonly of: NonNullable<InvocationJson["waitsFor"]> }) => {
  switch (of._tag) {
    case "Step":
      return <>the step {<Text of={of.name} limit={128} />}</>
    case "Call":
      return (
        <>
          the call <InvocationLink id={of.invocation} text={of.target} />
        </>
      )
    case "Timer":
      return (
        <>
          a timer, until <Moment at={of.until} />
        </>
      )
  }
}

const optional = (at: string | null) => (at === null ? null : <Moment at={at} />)

/** What Restate tells of one invocation. */
export const InvocationFacts = ({ invocation }: { readonly invocation: InvocationJson }) => {
  const { failure, key, waitsFor } = invocation
  return (
    <Facts
      of={[
        ["Invocation", <InvocationLink key="id" id={invocation.id} />],
        ["Handler", `${shortService(invocation.service)}/${invocation.handler}`],
        ["Key", key === null ? null : <Text key="key" of={key} limit={128} />],
        ["Status", <InvocationStatus key="status" status={invocation.status} result={invocation.result} />],
        ["Attempts", invocation.attempts === 0 ? null : invocation.attempts],
        ["Last step", invocation.lastStep === null ? null : <Text key="step" of={invocation.lastStep} limit={128} />],
        ["Waits for", waitsFor === null ? null : <Wait key="wait" of={waitsFor} />],
        ["Failed step", failure?.step == null ? null : <Text key="failed" of={failure.step} limit={128} />],
        [
          "Reason",
          failure === null ? null : (
            <Text key="reason" of={failure.reason ?? failure.code ?? "not stated"} limit={600} />
          )
        ],
        ["Next try", optional(invocation.nextRetryAt)],
        ["Due", optional(invocation.dueAt)],
        ["Created", optional(invocation.createdAt)],
        ["Started", optional(invocation.startedAt)],
        ["Last change", optional(invocation.modifiedAt)],
        ["Completed", optional(invocation.completedAt)]
      ]}
    />
  )
}
