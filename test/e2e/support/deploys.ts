import { assert } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { namesOf, seedDeployment, seededAt } from "../../support/memory/seeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { World } from "../../support/memory/World.ts"
import { RestateClient } from "../../support/stack/Restate.ts"
import { postDeployService } from "./ingress.ts"

/** Host names end in this with the stack's settings. */
export const apex = "unkey.app"

export const imageOf = (deploymentId: string) => `registry.example/${deploymentId}:1`

/** Deploys an image through the ingress and expects the empty message, to the byte. */
export const deploy = Effect.fnUntraced(function* (key: string, deploymentId: string) {
  const reply = yield* postDeployService("Deploy", key, { deploymentId, dockerImage: { image: imageOf(deploymentId) } })
  assert.deepStrictEqual(reply, { status: 200, text: "{}" })
})

/** A new deployment of a seeded project, the `nth` in the order of creation, deployed. */
export const deployNew = Effect.fnUntraced(function* (
  project: string,
  deploymentId: string,
  nth: number,
  columns: Partial<Tables["deployments"]> = {}
) {
  yield* seedDeployment(project, deploymentId, { created_at: seededAt + nth, ...columns })
  yield* deploy(namesOf(project).projectId, deploymentId)
})

/** All rows of the database. */
export const rows = Effect.flatMap(World, (world) => world.dump)

export const deploymentRow = (deploymentId: string) =>
  Effect.map(rows, ({ deployments }) => deployments.find(({ id }) => id === deploymentId))

/** The routes of a seeded project: host name without the apex, to the deployment it leads to. */
export const routesOf = (project: string) =>
  Effect.map(rows, ({ frontline_routes }) =>
    Object.fromEntries(
      frontline_routes
        .filter(({ project_id }) => project_id === namesOf(project).projectId)
        .map((route) => [route.fully_qualified_domain_name.replace(`.${apex}`, ""), route.deployment_id])
    )
  )

export const projectRow = (project: string) =>
  Effect.map(rows, ({ projects }) => {
    const row = projects.find(({ id }) => id === namesOf(project).projectId)
    return { live: row?.live_deployment_id, rolledBack: row?.is_rolled_back }
  })

const Scheduled = Schema.Struct({ created_at: Schema.DateFromString, scheduled_start_at: Schema.DateFromString })

/** The changes of desired state that wait for their time, in whole minutes from their creation. */
export const scheduledChanges = (deploymentId: string) =>
  Effect.flatMap(RestateClient, (restate) =>
    restate.sql(
      // All columns: asked for by itself, scheduled_start_at is null.
      `SELECT * FROM sys_invocation WHERE status = 'scheduled'
       AND target = 'hydra.v1.DeploymentService/${deploymentId}/ChangeDesiredState'`
    )
  ).pipe(
    Effect.flatMap(Schema.decodeUnknown(Schema.Array(Scheduled))),
    Effect.map((rows) =>
      rows.map((row) => Math.round((row.scheduled_start_at.getTime() - row.created_at.getTime()) / 60_000))
    )
  )

/** Invocations that are neither done nor waiting for a time of theirs. */
export const unfinished = Effect.flatMap(RestateClient, (restate) =>
  restate.sql("SELECT id, target, status FROM sys_invocation WHERE status NOT IN ('completed', 'scheduled')")
)
