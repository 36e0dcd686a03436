import type { DeploymentPageJson } from "../api/deployments.ts"
import { clean } from "./clean.ts"
import { Moment } from "./ui/Moment.tsx"

/** What a page needs to tell it. */
export type DeployWaitProperties = Pick<DeploymentPageJson, "waitsFor" | "regions" | "slot">

type Wait = NonNullable<DeploymentPageJson["waitsFor"]>

const needsOperator: ReadonlySet<Wait["reason"]> = new Set(["operator", "no invocation"])

const regionText = ({ desiredReplicas, failed, region, running }: DeploymentPageJson["regions"][number]): string =>
  `${clean(region, 64)} ${running} of ${desiredReplicas} running${failed === 0 ? "" : `, ${failed} failed`}`

const slotText = ({ slot }: DeployWaitProperties): string =>
  slot === null || slot.position === null ? "" : `, position ${slot.position} of ${slot.waiting}`

/** What the deploy waits for now, and until when. */
export const DeployWait = (page: DeployWaitProperties) => {
  const { regions, waitsFor } = page
  if (waitsFor === null) return null
  const details =
    waitsFor.reason === "instances" && regions.length > 0
      ? `: ${regions.map(regionText).join("; ")}`
      : waitsFor.reason === "build slot"
        ? slotText(page)
        : ""
  const isStart = waitsFor.reason === "retry" || waitsFor.reason === "start"
  return (
    <p class={`notice ${needsOperator.has(waitsFor.reason) ? "stuck" : ""}`} role="status">
      Waits for {waitsFor.text}
      {details}
      {waitsFor.until === null ? null : (
        <>
          {isStart ? ", at " : ", until "}
          <Moment at={waitsFor.until} />
        </>
      )}
      .
    </p>
  )
}
