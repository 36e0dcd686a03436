import { randomBytes } from "node:crypto"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { Krane } from "../../simulators/Krane.ts"
import { type SeededProject, seedDeployment } from "../../simulators/seed.ts"
import { IngressClient } from "../IngressClient.ts"
import { asExpected, good, say, seconds } from "../narration.ts"
import { expectStatus } from "../StoryFailed.ts"
import { watchSteps } from "../watchSteps.ts"

/** The results of this chapter, for the tables at the end. */
export interface Deployed {
  readonly project: SeededProject
  /** Image by deployment. */
  readonly images: ReadonlyMap<string, string>
  /** The first deployment, and the last one that went live. */
  readonly first: string
  readonly second: string
  /** Trace of the last deploy that went live. */
  readonly traceId: string
}

const newTrace = Effect.sync(() => {
  const traceId = randomBytes(16).toString("hex")
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` }
})

const liveDeployment = Effect.fnUntraced(function* (project: SeededProject) {
  const sql = yield* SqlClient
  const [row] = yield* sql<{ readonly live: string | null }>`
    SELECT live_deployment_id AS live FROM projects WHERE id = ${project.id}`
  return row?.live ?? "none"
})

/** Deploys an image to production and waits; returns the deployment and the trace of the call. */
const deploy = Effect.fnUntraced(function* (project: SeededProject, image: string, expected = 200) {
  const client = yield* IngressClient
  const deploymentId = yield* seedDeployment(project, {
    gitBranch: "main",
    gitCommitSha: randomBytes(20).toString("hex")
  })
  const { traceId, traceparent } = yield* newTrace
  const broken = expected === 200 ? "" : ": it is broken, so this fails"
  yield* say(`Deploy ${image} as ${deploymentId}${broken}`, `deploying ${image}`)
  const call = client.call({
    service: DeployService,
    key: project.id,
    handler: "Deploy",
    body: { deploymentId, dockerImage: { image } },
    traceparent
  })
  const [took, reply] = yield* Effect.timed(watchSteps(deploymentId, call))
  yield* expectStatus(`deploy of ${image}`, reply, expected)
  const live = yield* liveDeployment(project)
  yield* expected === 200
    ? good(`ready after ${seconds(took)}; live: ${live}`)
    : asExpected(`${reply.status} ${reply.message}; live: ${live}`)
  return { deploymentId, traceId }
})

/** Promotes or rolls back, or is refused, and logs the result. */
const moveLive = Effect.fnUntraced(function* (
  project: SeededProject,
  handler: "Promote" | "Rollback",
  body: Readonly<Record<string, string>>,
  expected = 200
) {
  const client = yield* IngressClient
  const call = client.call({ service: DeployService, key: project.id, handler, body })
  const [took, reply] = yield* Effect.timed(call)
  yield* expectStatus(handler, reply, expected)
  yield* expected === 200
    ? good(`done in ${seconds(took)}; live: ${yield* liveDeployment(project)}`)
    : asExpected(`${reply.status} ${reply.message}`)
})

/** A first image, a broken one, which leaves the first one live, and a second one. */
export const deploys = Effect.fnUntraced(function* (project: SeededProject) {
  const krane = yield* Krane
  const first = yield* deploy(project, "registry.example/shop:1")
  yield* krane.fail("registry.example/shop:broken")
  const broken = yield* deploy(project, "registry.example/shop:broken", 500)
  const second = yield* deploy(project, "registry.example/shop:2")
  const deployed: Deployed = {
    project,
    images: new Map([
      [first.deploymentId, "shop:1"],
      [broken.deploymentId, "shop:broken"],
      [second.deploymentId, "shop:2"]
    ]),
    first: first.deploymentId,
    second: second.deploymentId,
    traceId: second.traceId
  }
  return deployed
})

/** A rollback to the first deployment, which is confirmed; the promotion of the second; and a refusal. */
export const moves = Effect.fnUntraced(function* (project: SeededProject, { first, second }: Deployed) {
  yield* say(`Roll back from ${second} to ${first}`, "rolling back")
  yield* moveLive(project, "Rollback", { sourceDeploymentId: second, targetDeploymentId: first })

  yield* say(`Promote ${first}: that confirms the rollback, and later deploys go live again`, "promoting")
  yield* moveLive(project, "Promote", { targetDeploymentId: first })

  yield* say(`Promote ${second}`, "promoting")
  yield* moveLive(project, "Promote", { targetDeploymentId: second })

  yield* say(`Promote ${second} again: it is live already, so this is refused`, "promoting")
  yield* moveLive(project, "Promote", { targetDeploymentId: second }, 400)
})
