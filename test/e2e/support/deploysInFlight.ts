import { SqlClient } from "@effect/sql/SqlClient"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { krane } from "../../../dev/simulators/Krane.ts"
import { namesOf, seedDeployment, seededAt, seedProject } from "../../support/memory/seeds.ts"
import { RestateClient } from "../../support/stack/Restate.ts"
import { imageOf } from "./deploys.ts"

/** A project with so many pending deployments for one region; answers with their ids. */
export const seedMany = Effect.fnUntraced(function* (project: string, region: string, howMany: number) {
  yield* seedProject(project, { regions: { [region]: 1 } })
  const ids = Array.from({ length: howMany }, (_, n) => `d_${project}_${n}`)
  yield* Effect.forEach(ids, (id, n) => seedDeployment(project, id, { created_at: seededAt + n }), { concurrency: 4 })
  return ids
})

/** Sends a deploy for each, and answers with the ids of their invocations. */
export const sendDeploys = (project: string, ids: ReadonlyArray<string>) =>
  Effect.flatMap(RestateClient, (restate) =>
    Effect.forEach(
      ids,
      (deploymentId) =>
        restate.send(`hydra.v1.DeployService/${namesOf(project).projectId}/Deploy`, {
          deploymentId,
          dockerImage: { image: imageOf(deploymentId) }
        }),
      { concurrency: 10 }
    )
  )

/** Holds these deployments' rows, so that a step which writes one of them runs until they are let go. */
export const holdRows = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
  const sql = yield* SqlClient
  const held = yield* Deferred.make<void>()
  const asked = yield* Deferred.make<void>()
  const holding = yield* sql`SELECT id FROM deployments WHERE id IN ${sql.in(ids)} FOR UPDATE`.pipe(
    Effect.zipRight(Deferred.succeed(held, undefined)),
    Effect.zipRight(Deferred.await(asked)),
    sql.withTransaction,
    Effect.forkScoped
  )
  yield* Deferred.await(held)
  return { letGo: Effect.zipRight(Deferred.succeed(asked, undefined), Fiber.join(holding)) }
})

/** Runs a krane in a region that has had none, so that deploys which wait for instances there go on; until the scope closes. */
export const startKrane = (region: string) =>
  Effect.asVoid(Layer.build(krane({ regions: [region], pollInterval: "50 millis", startDelay: 0 })))
