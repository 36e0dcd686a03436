import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { DeployService } from "../../src/contract/DeployService.ts"
import { IngressClient } from "../demo/IngressClient.ts"
import { expect, expectStatus } from "../demo/StoryFailed.ts"
import { seedDeployment, seedProject } from "../simulators/seed.ts"

/** One deploy through the ingress, and a check of its row. */
export const deployOnce = Effect.fnUntraced(function* (region: string) {
  const sql = yield* SqlClient
  const client = yield* IngressClient
  const project = yield* seedProject({ workspaceSlug: "image", projectSlug: "shop", regions: { [region]: 1 } })
  const deploymentId = yield* seedDeployment(project)
  const body = { deploymentId, dockerImage: { image: "registry.example/shop:1" } }
  const reply = yield* client.call({ service: DeployService, key: project.id, handler: "Deploy", body })
  yield* expectStatus("deploy", reply, 200)
  const rows = yield* sql<{ readonly status: string }>`SELECT status FROM deployments WHERE id = ${deploymentId}`
  const status = rows[0]?.status ?? "gone"
  yield* expect("deploy", status === "ready", `left the deployment ${status}`)
})
