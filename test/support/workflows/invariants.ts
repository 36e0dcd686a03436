import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Invocation } from "effect-restate/testing"
import type { Rows } from "../memory/Tables.ts"
import { ControlPlane } from "./ControlPlane.ts"
import type { Published } from "./Krane.ts"
import { rows } from "./queries.ts"
import { unfinished } from "./scenario.ts"

const isEnded = (status: string) => status === "ready" || status === "failed"

/** At most one deployment of a project is live, it runs, and every live route leads to it. */
const oneLive = ({ projects, deployments, frontline_routes }: Rows) => {
  const followers = Map.groupBy(frontline_routes, ({ project_id, sticky }) => sticky === "live" && project_id)
  const byId = new Map(deployments.map((row) => [row.id, row]))
  for (const { id, live_deployment_id } of projects) {
    for (const route of followers.get(id) ?? [])
      assert.strictEqual(route.deployment_id, live_deployment_id, "a live route")
    if (live_deployment_id === null) continue
    const row = byId.get(live_deployment_id)
    assert.include(["network", "ready"], row?.status, `status of the live deployment ${live_deployment_id}`)
    assert.strictEqual(row?.desired_state, "running", `desired state of the live deployment ${live_deployment_id}`)
  }
}

const noOpenStepAtTheEnd = ({ deployments, deployment_steps }: Rows) => {
  const ended = new Set(deployments.filter(({ status }) => isEnded(status)).map(({ id }) => id))
  const open = deployment_steps.filter((row) => ended.has(row.deployment_id) && row.ended_at === null)
  assert.deepStrictEqual(open, [], "open steps of deployments that have ended")
}

const failuresSayWhy = ({ deployments, deployment_steps }: Rows) => {
  const byDeployment = Map.groupBy(deployment_steps, (row) => row.error !== null && row.deployment_id)
  for (const { id, status } of deployments) {
    const errors = byDeployment.get(id) ?? []
    assert.lengthOf(errors, status === "failed" ? 1 : 0, `failed steps of ${id}, which is ${status}`)
    for (const { error } of errors) assert.isNotEmpty(error)
  }
}

/** krane asks for rows above its cursor, so in each region every version that becomes visible is higher than all before. */
const versionsRise = (feed: ReadonlyArray<Published>) => {
  const cursors = new Map<string, bigint>()
  for (const { region, version } of feed) {
    assert.isTrue(version > (cursors.get(region) ?? 0n), `version ${version} after ${cursors.get(region)} in ${region}`)
    cursors.set(region, version)
  }
}

/** What was asked so far, and which deployments have been seen live. */
export interface History {
  readonly asked: Array<Invocation>
  readonly wereLive: Set<string>
}

/** What holds at every moment at which nothing can run. */
export const holdsAlways = ({ wereLive }: History) =>
  Effect.gen(function* () {
    const { feed } = yield* ControlPlane
    const all = yield* rows
    oneLive(all)
    noOpenStepAtTheEnd(all)
    failuresSayWhy(all)
    versionsRise(feed)
    for (const { live_deployment_id } of all.projects) if (live_deployment_id !== null) wereLive.add(live_deployment_id)
  })

/** A typed refusal, a cancellation, or a deployment that does not run: never a text of the machinery. */
const expected = /^(deployment|project|cannot|cancelled|.*cancel)/i

/** krane acts on topology, its resync on the row: they must come to say the same. What has failed is taken back. */
const topologyFollowsTheRow = ({ deployments, deployment_topology }: Rows) => {
  const byDeployment = Map.groupBy(deployment_topology, (row) => row.deployment_id)
  for (const { id, desired_state, status: end } of deployments) {
    const statuses = (byDeployment.get(id) ?? []).map((row) => row.desired_status)
    if (end === "failed") assert.notInclude(statuses, "starting", `${id}, which has failed`)
    for (const status of statuses)
      assert.strictEqual(status === "stopped", desired_state !== "running", `${id} is ${desired_state} and ${status}`)
  }
}

/** What holds once every message is delivered and every timer has fired. */
export const holdsAtTheEnd = ({ asked, wereLive }: History) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    const all = yield* rows
    assert.deepStrictEqual(unfinished(engine), [], "invocations that have not ended")
    for (const { id, status } of all.deployments) assert.isTrue(isEnded(status), `${id} ended as ${status}`)
    for (const { label, result } of asked) if (result?.ok === false) assert.match(result.error.message, expected, label)
    topologyFollowsTheRow(all)
    const live = new Set(all.projects.map((row) => row.live_deployment_id))
    for (const { id, desired_state } of all.deployments)
      if (wereLive.has(id) && !live.has(id)) assert.strictEqual(desired_state, "standby", `${id}, no longer live`)
  })
