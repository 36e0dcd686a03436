import { Effect } from "effect"
import type { Invocation } from "effect-restate/testing"
import { World } from "../memory/World.ts"
import { ControlPlane } from "./ControlPlane.ts"

export const rows = Effect.flatMap(World, (world) => world.dump)

export const deploymentRow = (id: string) =>
  Effect.flatMap(rows, ({ deployments }) => Effect.fromNullable(deployments.find((row) => row.id === id)))

/** The project's live deployment, and which deployment each of its host names leads to. */
export const traffic = (projectId = "proj_shop") =>
  Effect.map(rows, ({ projects, frontline_routes }) => {
    const project = projects.find(({ id }) => id === projectId)
    const own = frontline_routes.filter((row) => row.project_id === projectId)
    return {
      live: project?.live_deployment_id ?? null,
      isRolledBack: project?.is_rolled_back ?? false,
      routes: Object.fromEntries(own.map((row) => [row.fully_qualified_domain_name, row.deployment_id]))
    }
  })

/** The deployment's steps by name: their error, null when they ended well, "open" when they have not ended. */
export const stepsOf = (deploymentId: string) =>
  Effect.map(rows, ({ deployment_steps }) => {
    const own = deployment_steps.filter((row) => row.deployment_id === deploymentId)
    return Object.fromEntries(own.map(({ step, ended_at, error }) => [step, ended_at === null ? "open" : error]))
  })

/** What krane is told to do with the deployment, by region. */
export const topologyOf = (deploymentId: string) =>
  Effect.map(rows, ({ deployment_topology }) => {
    const own = deployment_topology.filter((row) => row.deployment_id === deploymentId)
    return Object.fromEntries(own.map(({ region, desired_status }) => [region, desired_status]))
  })

/** Moves time until the invocation has ended: 200, or the status and message that a client would get. */
export const answerOf = (invocation: Invocation) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const result = yield* engine.result(invocation)
    return result.ok ? { code: 200, message: "" } : { code: result.error.code, message: result.error.message }
  })

/** Virtual time in milliseconds that an effect takes. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const startedAt = engine.time.now
    const answer = yield* effect
    return { answer, took: engine.time.now - startedAt }
  })

/** The sum of an invocation's journaled answers, and the largest one, in bytes. */
export const journalBytes = (invocation: Invocation) => {
  const sizes = invocation.entries.flatMap(({ answer }) => (answer?.ok === true ? [answer.bytes.length] : []))
  return { total: sizes.reduce((sum, size) => sum + size, 0), largest: Math.max(0, ...sizes) }
}
