import type { Rows } from "../../support/memory/Tables.ts"

/** The order in which the dashboard shows the steps of a deployment. */
const stepNames = ["queued", "building", "deploying", "network"] as const

export type ShownStep = "pending" | "running" | "completed" | "failed"

/** As `deployment-steps.ts` of the dashboard reads a row: completed when it has ended and has no error, or an empty one. */
export const shownStep = (row: Pick<Rows["deployment_steps"][number], "ended_at" | "error"> | undefined): ShownStep => {
  if (row === undefined) return "pending"
  if (row.error !== null && row.error !== "") return "failed"
  return row.ended_at === null ? "running" : "completed"
}

/** What a user sees of a deployment's steps. */
export const shownSteps = ({ deployment_steps }: Rows, deploymentId: string): ReadonlyArray<ShownStep> =>
  stepNames.map((name) =>
    shownStep(deployment_steps.find((row) => row.deployment_id === deploymentId && row.step === name))
  )

/** Deployments of which the dashboard would show a status that its steps contradict. */
export const dashboardProblems = (rows: Rows): ReadonlyArray<string> =>
  rows.deployments.flatMap(({ id, status }) => {
    const steps = shownSteps(rows, id)
    const shown = `deployments ${id}: ${status} with steps ${steps.join(", ")}`
    if (status === "ready") return steps.every((step) => step === "completed" || step === "pending") ? [] : [shown]
    if (status === "failed") return steps.includes("failed") && !steps.includes("running") ? [] : [shown]
    return []
  })
