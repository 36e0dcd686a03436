import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import type { DeploymentPhase } from "../../services/deploy/Deployment.ts"
import type { DeploymentStore, PhaseChange } from "../../services/deploy/DeploymentStore.ts"
import { finalStatuses } from "../../services/deploy/deploymentChanges.ts"
import type { MysqlPool } from "./MysqlPool.ts"
import { storeMethods } from "./storeMethods.ts"

const columnsOf = ({ buildId, image, status }: PhaseChange) => ({
  ...(status === undefined ? {} : { status }),
  ...(image === undefined ? {} : { image }),
  ...(buildId === undefined ? {} : { buildId })
})

/** Ends the step and sets the columns of the deployment, whose row it locks. */
const closeAndSet = (sql: SqlClient, change: PhaseChange) => {
  const { at, close, deploymentId } = change
  const set = columnsOf(change)
  const columns = Object.keys(set).length === 0 ? [] : [sql`${sql.update({ ...set, updatedAt: at })}`]
  const isOpenStep = sql`
    deployment_steps.deployment_id = ${deploymentId} AND deployment_steps.step = ${close ?? null}
    AND deployment_steps.ended_at IS NULL`
  return sql`
    UPDATE deployments LEFT JOIN deployment_steps ON ${isOpenStep}
    SET ${sql.csv([...columns, sql`deployment_steps.ended_at = ${at}`])}
    WHERE deployments.id = ${deploymentId} AND NOT ${sql.in("deployments.status", finalStatuses)}`
}

/** Starts the steps that do not exist. The only unique key is (deployment_id, step), so the no-op update hits the same step. */
const openSteps = (sql: SqlClient, { at, deploymentId, open, pass }: PhaseChange) => {
  const row = (phase: DeploymentPhase, isOver: 0 | 1) => sql.literal(`SELECT '${phase}' AS step, ${isOver} AS is_over`)
  const steps = [...(pass === undefined ? [] : [row(pass, 1)]), ...(open === undefined ? [] : [row(open, 0)])]
  return sql`
    INSERT INTO deployment_steps (workspace_id, project_id, environment_id, deployment_id, step, started_at, ended_at)
    SELECT workspace_id, project_id, environment_id, id, opened.step, ${at}, CASE WHEN opened.is_over = 1 THEN ${at} END
    FROM deployments CROSS JOIN (${sql.join(" UNION ALL ", false)(steps)}) AS opened
    WHERE id = ${deploymentId} AND NOT ${sql.in("status", finalStatuses)}
    FOR UPDATE
    ON DUPLICATE KEY UPDATE step = deployment_steps.step`
}

/**
 * Changes phases without reading them first: each statement checks the status in the row that it locks, and a final status
 * stays. A change of one statement needs no transaction.
 */
export const phaseChanges = (pool: MysqlPool): DeploymentStore["Type"]["changePhase"] => {
  const { sql } = pool
  const { autocommit, command } = storeMethods("DeploymentStore", pool)
  const closeOnly = autocommit("changePhase", (change: PhaseChange) => Effect.asVoid(closeAndSet(sql, change)))
  const openOnly = autocommit("changePhase", (change: PhaseChange) => Effect.asVoid(openSteps(sql, change)))
  const both = command("changePhase", (change: PhaseChange) =>
    Effect.zipRight(closeAndSet(sql, change), openSteps(sql, change))
  )
  return (change) => {
    if (change.open === undefined && change.pass === undefined) return closeOnly(change)
    const isOpenOnly = change.close === undefined && Object.keys(columnsOf(change)).length === 0
    return isOpenOnly ? openOnly(change) : both(change)
  }
}
