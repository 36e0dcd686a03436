import type { DeploymentPageJson } from "../api/deployments.ts"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { formatMillis } from "./ui/format.ts"
import { Moment } from "./ui/Moment.tsx"

type Phase = DeploymentPageJson["phases"][number]

const durationText = ({ endedAt, startedAt }: Phase, now: string, isFinal: boolean): string => {
  if (endedAt !== null) return formatMillis(Date.parse(endedAt) - Date.parse(startedAt))
  return isFinal ? "not ended" : `${formatMillis(Math.max(0, Date.parse(now) - Date.parse(startedAt)))} so far`
}

const statusOf = ({ endedAt, error }: Phase, isFinal: boolean): string => {
  if (error !== null) return "failed"
  return endedAt === null ? (isFinal ? "not ended" : "running") : "completed"
}

/** The phases of a deploy with their durations, and why it failed in one. */
export const Phases = ({ deployment, now, phases }: DeploymentPageJson) => {
  const isFinal = deployment?.status === "ready" || deployment?.status === "failed"
  if (phases.length === 0) return <p class="dim">No phase has begun.</p>
  return (
    <ol class="phases">
      {phases.map((phase) => (
        <li key={phase.step}>
          <b>
            <Text of={phase.step} limit={64} />
          </b>
          <span>
            <StatusOf status={statusOf(phase, isFinal)} /> {durationText(phase, now, isFinal)}{" "}
            <span class="dim">
              from <Moment at={phase.startedAt} />
            </span>
          </span>
          {phase.error === null ? null : (
            <span class="reason">
              <Text of={phase.error} limit={600} />
            </span>
          )}
        </li>
      ))}
    </ol>
  )
}
