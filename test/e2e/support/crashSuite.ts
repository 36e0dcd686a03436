import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Krane } from "../../../dev/simulators/Krane.ts"
import type { RestateOptions } from "../../../dev/stack/RestateProgram.ts"
import { namesOf, seedDeployment, seededAt, seedProject } from "../../support/memory/seeds.ts"
import type { Rows } from "../../support/memory/Tables.ts"
import { RestateClient } from "../../support/stack/Restate.ts"
import { CrashGate, type Place } from "./CrashGate.ts"
import { deploy, imageOf, rows, scheduledChanges } from "./deploys.ts"
import { eventually } from "./eventually.ts"
import { killAtPlaces, oneSubjectEach, spread } from "./killAtPlaces.ts"
import { proxiedStack } from "./Stack.ts"

const shared = "shared.test"
/** For deploys that must not make others wait at their region's key, or that krane is to be slow with. */
const own = Array.from({ length: 20 }, (_, n) => `own-${n}.test`)

/** Ten seconds when nothing else runs; a worker that starts on a loaded machine takes its time. */
const testTimeout = 120_000

const undisturbed = "crash-none"

/** A project whose former deployment is live, and a new one to deploy. */
const seed = Effect.fnUntraced(function* (project: string, region: string) {
  yield* seedProject(project, { regions: { [region]: 1 }, project: { live_deployment_id: `d_${project}_old` } })
  yield* seedDeployment(project, `d_${project}_old`, { status: "ready", created_at: seededAt })
  yield* seedDeployment(project, `d_${project}_new`, { created_at: seededAt + 1 })
})

const untilFollowed = (project: string) =>
  eventually(`standby of what ${project} had live`, scheduledChanges(`d_${project}_old`), (seen) => seen.length > 0)

/** What a deploy left behind, without what differs between any two of them: names, regions, versions and times. */
const outcomeOf = (all: Rows, project: string): unknown => {
  const { projectId } = namesOf(project)
  const deploymentId = `d_${project}_new`
  const ofProject = (row: { readonly project_id: string }) => row.project_id === projectId
  const ofDeployment = (row: { readonly deployment_id: string }) => row.deployment_id === deploymentId
  const outcome = {
    project: all.projects
      .filter(({ id }) => id === projectId)
      .map((row) => [row.live_deployment_id, row.is_rolled_back]),
    deployment: all.deployments
      .filter(({ id }) => id === deploymentId)
      .map(({ desired_state, image, status }) => [image, status, desired_state]),
    steps: all.deployment_steps
      .filter(ofDeployment)
      .map(({ ended_at, error, step }) => [step, ended_at !== null, error]),
    topology: all.deployment_topology
      .filter(ofDeployment)
      .map(({ desired_replicas, desired_status }) => [desired_replicas, desired_status]),
    sentinels: all.sentinels.filter(ofProject).map((row) => [row.image, row.desired_replicas]),
    policies: all.cilium_network_policies
      .filter(ofProject)
      .map((row) => row.k8s_name)
      .toSorted(),
    routes: all.frontline_routes
      .filter(ofProject)
      .map((row) => `${row.fully_qualified_domain_name} ${row.sticky} ${row.deployment_id}`)
      .toSorted()
  }
  return JSON.parse(JSON.stringify(outcome).replaceAll(project, "P"))
}

/** What has to stand there for a deploy to be stopped at each of these places. */
const seedAll = (places: ReadonlyMap<string, Place>) => {
  const apart = [...places].filter(([, place]) => /VersioningService|Sleep|Suspension/.test(place))
  const regionOf = new Map(apart.map(([project], n) => [project, own[n + 1]]))
  return Effect.forEach(places.keys(), (project) => seed(project, regionOf.get(project) ?? shared), {
    concurrency: 8,
    discard: true
  })
}

const sendDeploy = (project: string) =>
  Effect.flatMap(RestateClient, (restate) => {
    const deploymentId = `d_${project}_new`
    const request = { deploymentId, dockerImage: { image: imageOf(deploymentId) } }
    return restate.send(`hydra.v1.DeployService/${namesOf(project).projectId}/Deploy`, request)
  })

const assertVersionsUnique = ({ cilium_network_policies, deployment_topology, sentinels }: Rows) => {
  const versions = [...cilium_network_policies, ...deployment_topology, ...sentinels].map(
    ({ region, version }) => `${region} ${version}`
  )
  assert.strictEqual(new Set(versions).size, versions.length)
}

/**
 * Kills the worker while as many deploys as there are messages in one each stand at their own: done by the worker, not
 * yet known to Restate. Started again, it must bring all of them to the end of an undisturbed one. At most `kills` of the
 * messages, spread evenly; the crash matrix of the workflow has all of them on the simulated engine.
 */
export const crashSuite = (name: string, restate: RestateOptions, kills = Number.POSITIVE_INFINITY) => {
  const gate = new CrashGate()
  const stack = proxiedStack({
    regions: [shared, ...own],
    workers: 1,
    restate,
    inspect: gate.inspect,
    kranePollInterval: "200 millis"
  })
  layer(stack, { excludeTestServices: true, timeout: "1 minute" })(name, (it) => {
    it.effect(
      "a deploy whose worker is killed at any of its messages ends as an undisturbed one",
      () =>
        Effect.gen(function* () {
          const { slowDown } = yield* Krane
          // So that a deploy there always finds its instances missing first, and sleeps.
          yield* Effect.forEach(own, (region) => slowDown(region, "1 second"))
          yield* seed(undisturbed, own[0] ?? shared)
          const whole = deploy(namesOf(undisturbed).projectId, `d_${undisturbed}_new`)
          const recorded = yield* gate.record(undisturbed, Effect.zipRight(whole, untilFollowed(undisturbed)))
          const places = oneSubjectEach("crash", spread(recorded, kills))
          yield* seedAll(places)
          for (const reply of yield* killAtPlaces(gate, places, sendDeploy))
            assert.deepInclude(reply, { status: 200, body: {} })

          const all = yield* rows
          const expected = outcomeOf(all, undisturbed)
          for (const [project, place] of places) {
            assert.deepStrictEqual(outcomeOf(all, project), expected, place)
            assert.deepStrictEqual(yield* scheduledChanges(`d_${project}_old`), [30], place)
          }
          assertVersionsUnique(all)
        }),
      testTimeout
    )
  })
}
