import type { ClickHouseClient } from "@clickhouse/client"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Option } from "effect"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { projectPath } from "../../../src/names/imageReference.ts"
import type { Files } from "../../simulators/GitServer.ts"
import { type SeededProject, seedDeployment } from "../../simulators/seed.ts"
import type { BuildParts } from "../../stack/Builds.ts"
import { analyticsClient, firstColumn } from "../AnalyticsClient.ts"
import { linesOfBuild, shortImage, shortLine } from "../buildLog.ts"
import { IngressClient } from "../IngressClient.ts"
import { good, missing, say, seconds, show } from "../narration.ts"
import { expect, expectStatus, until } from "../StoryFailed.ts"
import { terminalWidth } from "../terminal.ts"
import { watchSteps } from "../watchSteps.ts"

export const repository = "acme/shop"
export const installation = "5"
const contextPath = "apps/web"

/** Two stages without a base image: the first creates a page, the second is the image. */
const files = (busybox: Uint8Array): Files => ({
  "README.md": "A shop.\n",
  [`${contextPath}/busybox`]: busybox,
  [`${contextPath}/Dockerfile`]: `FROM scratch AS build
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "echo setting the table; echo '<h1>Open</h1>' > /page.html; echo 1 page written"]
FROM scratch
COPY --from=build /page.html /page.html
`
})

const imageOf = (deploymentId: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient
    const [row] = yield* sql<{ readonly image: string | null; readonly buildId: string | null }>`
      SELECT image, build_id AS buildId FROM deployments WHERE id = ${deploymentId}`
    return { image: row?.image ?? "none", buildId: row?.buildId ?? "none" }
  })

/** The deployment runs the digest that the registry has for its tag. */
const checkImage = (project: SeededProject, deploymentId: string, { registry }: BuildParts) =>
  Effect.gen(function* () {
    const { buildId, image } = yield* imageOf(deploymentId)
    const pushed = yield* registry.digestOf(
      projectPath({ workspaceId: project.workspaceId, projectId: project.id }),
      deploymentId
    )
    const digest = Option.getOrElse(pushed, () => "no digest")
    yield* expect("image", image.endsWith(`@${digest}`), `${image} is deployed, ${digest} is in the registry`)
    yield* show(`build ${buildId}`)
    yield* show(`image ${shortImage(image)}`)
    return image
  })

/** The commit's statuses at GitHub, which arrive after the deploy has returned. */
const checkStatus = (commitSha: string, { origin: { gitHub } }: BuildParts) =>
  Effect.gen(function* () {
    const states = Effect.sync(() => gitHub.deployments.find(({ ref }) => ref === commitSha)?.states ?? [])
    const told = yield* until("success at GitHub", states, (seen) => seen.at(-1) === "success")
    yield* show(`GitHub │ ${told.join(", ")}`)
  })

const stepsOf = (client: ClickHouseClient, deploymentId: string) =>
  firstColumn(
    client,
    `SELECT concat(leftPad(toString(completed_at - started_at), 5), ' ms ', if(cached, 'cached ', ''), name)
     FROM default.build_steps_v1 WHERE deployment_id = '${deploymentId}' ORDER BY started_at, completed_at`
  )

const linesOf = (client: ClickHouseClient, deploymentId: string) =>
  firstColumn(
    client,
    `SELECT message FROM default.build_step_logs_v1 WHERE deployment_id = '${deploymentId}' ORDER BY time`
  )

/** One line for each step: behind the time and the label. */
const stepWidth = () => terminalWidth() - 25

/** The build's steps and logs, read as the dashboard reads them. */
const showTelemetry = (deploymentId: string, clickhouse: string) =>
  Effect.gen(function* () {
    const client = yield* analyticsClient(clickhouse)
    const steps = yield* until("the build's steps in ClickHouse", stepsOf(client, deploymentId), (seen) =>
      seen.some((step) => step.includes("exporting"))
    )
    const output = (yield* linesOf(client, deploymentId)).join("")
    yield* expect("output of the build", output.includes("1 page written"), `ClickHouse has ${output || "nothing"}`)
    yield* show("The build's steps and log, as ClickHouse has them:")
    yield* Effect.forEach(steps, (step) => show(`build step │ ${shortLine(step, stepWidth())}`))
    yield* Effect.forEach(linesOfBuild(output), (line) => show(`build log  │ ${line}`))
  })

/**
 * From a commit to a running preview: cloned with the App's token, built by BuildKit from a subdirectory, pushed, and deployed
 * by digest. Returns the image by deployment.
 */
export const builds = Effect.fnUntraced(function* (
  project: SeededProject,
  parts: BuildParts,
  clickhouse: Option.Option<string>
) {
  const client = yield* IngressClient
  const commitSha = yield* parts.origin.git.commit(repository, files(parts.busybox))
  const deploymentId = yield* seedDeployment(project, {
    environment: "preview",
    gitBranch: "opening",
    gitCommitSha: commitSha
  })
  yield* say(`Deploy ${contextPath} of ${repository} at ${commitSha.slice(0, 7)} as ${deploymentId}`, "building")
  const git = { installationId: installation, repository, commitSha, contextPath, dockerfilePath: "" }
  const call = client.call({
    service: DeployService,
    key: deploymentId,
    handler: "Deploy",
    body: { deploymentId, git }
  })
  const [took, reply] = yield* Effect.timed(watchSteps(deploymentId, call))
  yield* expectStatus("deploy from git", reply, 200)
  const image = yield* checkImage(project, deploymentId, parts)
  yield* checkStatus(commitSha, parts)
  yield* Option.match(clickhouse, {
    onNone: () => missing("No ClickHouse here: what the build wrote is kept nowhere."),
    onSome: (url) => showTelemetry(deploymentId, url)
  })
  yield* good(`ready after ${seconds(took)}, by the digest that is in the registry`)
  return new Map([[deploymentId, image.slice(image.lastIndexOf("@") + 1).slice(0, 19)]])
})
