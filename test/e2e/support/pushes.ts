import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { activeBuilds } from "../../support/builds/activeBuilds.ts"
import { BuildFixture, run, shell } from "../../support/builds/BuildFixture.ts"
import { namesOf, seedDeployment, seededAt } from "../../support/memory/seeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { clickhouseClient, sharedClickhouse } from "../../support/stack/Clickhouse.ts"
import { RestateClient } from "../../support/stack/Restate.ts"
import { installationId, Origin, repository } from "./buildStack.ts"
import { rows } from "./deploys.ts"
import { eventually } from "./eventually.ts"

export interface Push {
  readonly project: string
  readonly deploymentId: string
  readonly commitSha: string
  /** Below `apps/web`. Default `Dockerfile`. */
  readonly dockerfilePath?: string
  /** Order of creation among the deployments of a project. Default 1. */
  readonly nth?: number
  readonly columns?: Partial<Tables["deployments"]>
  /** What `encrypted_environment_variables` holds. Default: nothing. */
  readonly variables?: string
}

/** A new deployment, sent to the worker as GitHub's webhook sends it. Answers with the invocation. */
export const push = ({
  columns,
  commitSha,
  deploymentId,
  dockerfilePath = "",
  nth = 1,
  project,
  variables = ""
}: Push) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const restate = yield* RestateClient
    yield* seedDeployment(project, deploymentId, {
      created_at: seededAt + nth,
      git_commit_sha: commitSha,
      git_branch: "main",
      ...columns
    })
    yield* sql`UPDATE deployments SET encrypted_environment_variables = ${variables} WHERE id = ${deploymentId}`
    const git = { installationId, repository, commitSha, contextPath: "apps/web", dockerfilePath }
    return yield* restate.send(`hydra.v1.DeployService/${deploymentId}/Deploy`, { deploymentId, git })
  })

/** A commit whose `<name>.Dockerfile` runs the script. */
export const commitScript = (name: string, script: string) =>
  Effect.flatMap(Origin, ({ git }) =>
    git.commit(repository, { [`apps/web/${name}.Dockerfile`]: `${shell}\n${run(script)}\n` }, name)
  )

/** How many builds the daemon is at work on. */
const builds = Effect.flatMap(BuildFixture, ({ buildkit }) => activeBuilds(buildkit.address))

export const untilBuilding = eventually("a build at the daemon", builds, (count) => count === 1)
export const untilIdle = eventually("a daemon without builds", builds, (count) => count === 0)

/** Where a deployment stands in its workspace's queue; what is empty or zero is not in it. */
export const positionOf = (project: string, deploymentId: string) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const { workspaceId } = namesOf(project)
    const path = `ctrl_worker.v1.BuildSlotService/${workspaceId}/Position`
    return (yield* restate.call(path, { deploymentId })).body
  })

/** No build runs or waits in the workspace. */
export const untilSlotsFree = (project: string) =>
  eventually(`free slots of ${project}`, positionOf(project, "d_nobody"), (body) => JSON.stringify(body) === "{}")

/** What a deployment has come to: its row, how each of its steps ended, and whether krane was told of it. */
export const standingOf = (deploymentId: string) =>
  Effect.map(rows, ({ deployment_steps, deployment_topology, deployments }) => {
    const row = deployments.find(({ id }) => id === deploymentId)
    const steps = deployment_steps.filter((step) => step.deployment_id === deploymentId)
    return {
      status: row?.status,
      image: row?.image,
      buildId: row?.build_id,
      steps: Object.fromEntries(
        steps.map(({ ended_at, error, step }) => [step, ended_at === null ? "open" : (error ?? "done")])
      ),
      isPublished: deployment_topology.some((placed) => placed.deployment_id === deploymentId)
    }
  })

/** What GitHub was told of a deployment, in order. */
export const statesOf = (deploymentId: string) =>
  Effect.map(Origin, ({ gitHub }) =>
    gitHub.deployments.filter(({ task }) => task.includes(deploymentId)).flatMap(({ states }) => states)
  )

export const untilTold = (deploymentId: string, state: string) =>
  eventually(`${state} of ${deploymentId} at GitHub`, statesOf(deploymentId), (states) => states.at(-1) === state)

/** All rows of a deployment's builds in ClickHouse, as they are there. */
export const telemetryOf = (project: string, deploymentId: string) =>
  Effect.gen(function* () {
    const client = yield* clickhouseClient((yield* sharedClickhouse).url)
    const { projectId, workspaceId } = namesOf(project)
    const read = (table: string) =>
      Effect.promise(async () => {
        const result = await client.query({
          query: `SELECT * FROM default.${table} WHERE workspace_id = {workspaceId: String}
                  AND project_id = {projectId: String} AND deployment_id = {deploymentId: String}`,
          query_params: { workspaceId, projectId, deploymentId },
          format: "JSONEachRow"
        })
        return result.json<Readonly<Record<string, unknown>>>()
      })
    const [steps, logs] = yield* Effect.all([read("build_steps_v1"), read("build_step_logs_v1")])
    return { steps, logs }
  }).pipe(Effect.scoped)
