import { assert, layer } from "@effect/vitest"
import { Effect, Either, type Layer, Option } from "effect"
import type { DeploymentPhase } from "../../src/services/deploy/Deployment.ts"
import { DeploymentStore } from "../../src/services/deploy/DeploymentStore.ts"
import { RouteStore } from "../../src/services/deploy/RouteStore.ts"
import { columns, fourBytes, integersOf } from "../support/columns.ts"
import {
  namesOf,
  seedDeployment,
  seededAt,
  seedInstance,
  seedProject,
  seedRoute,
  seedSentinel
} from "../support/memory/seeds.ts"
import type { Tables } from "../support/memory/Tables.ts"
import { World } from "../support/memory/World.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const at = seededAt + 1_000
const rowsOf = Effect.flatMap(World, (world) => world.dump)
const stepsOf = Effect.map(rowsOf, (rows) =>
  Object.fromEntries(
    rows.deployment_steps.map(({ step, started_at, ended_at, error }) => [step, { started_at, ended_at, error }])
  )
)
const deploymentOf = (deploymentId: string) =>
  Effect.map(rowsOf, (rows) => rows.deployments.find(({ id }) => id === deploymentId))

const seed = seedProject("shop", { regions: { "eu-west-1.aws": 2 } })

/** What every implementation of `DeploymentStore` promises. */
export const deploymentStoreContract = <E>(
  name: string,
  stores: Layer.Layer<DeploymentStore | RouteStore | World, E>
): void =>
  layer(stores, { excludeTestServices: true })(`DeploymentStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, DeploymentStore, seed)

    guarantee("a deployment is found with the parents that name it, and an unknown id is none", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1", {
          git_branch: "main",
          git_commit_sha: "abc",
          cpu_millicores: 500,
          memory_mib: 1024
        })
        const { environment, deployment, project, workspace } = Option.getOrThrow(yield* store.find("d_1"))
        const names = namesOf("shop")
        assert.deepStrictEqual(
          { ...deployment },
          {
            id: "d_1",
            k8sName: "k8s-d-1",
            workspaceId: names.workspaceId,
            projectId: names.projectId,
            environmentId: names.productionId,
            port: 8080,
            cpuMillicores: 500,
            memoryMib: 1024,
            healthCheck: null,
            gitCommitSha: "abc",
            gitBranch: "main",
            status: "pending",
            desiredState: "running",
            createdAt: seededAt
          }
        )
        assert.deepStrictEqual(workspace, { slug: "shop" })
        assert.deepStrictEqual(project, { slug: "shop", liveDeploymentId: null, isRolledBack: false })
        assert.deepStrictEqual(environment, { slug: "production" })
        assert.isTrue(Option.isNone(yield* store.find("d_unknown")))
      })
    )

    guarantee(
      "the commit of a branch is written while the deployment is pending, and stays once it is built",
      (store) =>
        Effect.gen(function* () {
          const commit = {
            sha: "a".repeat(40),
            branch: "feature/cart",
            message: "Add a cart \u{1F6D2}",
            authorHandle: "ada",
            authorAvatarUrl: "https://avatars.test/ada",
            timestamp: seededAt
          }
          const columns = {
            git_commit_sha: commit.sha,
            git_branch: "feature/cart",
            git_commit_message: commit.message,
            git_commit_author_handle: "ada",
            git_commit_author_avatar_url: "https://avatars.test/ada",
            git_commit_timestamp: seededAt,
            updated_at: at
          }
          yield* seedDeployment("shop", "d_1")
          yield* seedDeployment("shop", "d_2")
          const write = (later: Partial<typeof commit>) =>
            store.writeCommit({ deploymentId: "d_1", commit: { ...commit, ...later }, at })
          assert.deepStrictEqual(yield* write({}), Option.some(commit.sha))
          assert.deepInclude(yield* deploymentOf("d_1"), columns)
          assert.deepInclude(yield* deploymentOf("d_2"), { git_commit_sha: null, updated_at: null })
          yield* store.changePhase({ deploymentId: "d_1", at, open: "building", status: "building" })
          assert.deepStrictEqual(yield* write({ sha: "b".repeat(40), branch: "main" }), Option.some(commit.sha))
          assert.deepInclude(yield* deploymentOf("d_1"), columns)
          const unknown = { deploymentId: "d_unknown", commit, at }
          assert.isTrue(Option.isNone(yield* store.writeCommit(unknown)))
        })
    )

    guarantee("what GitHub does not tell of a commit is written as null", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1", { git_commit_author_handle: "eve", git_commit_timestamp: 7 })
        const nothing = { authorHandle: null, authorAvatarUrl: null, timestamp: null }
        const commit = { sha: "a".repeat(40), branch: "main", message: "", ...nothing }
        yield* store.writeCommit({ deploymentId: "d_1", commit, at })
        assert.deepInclude(yield* deploymentOf("d_1"), {
          git_commit_message: "",
          git_commit_author_handle: null,
          git_commit_author_avatar_url: null,
          git_commit_timestamp: null
        })
      })
    )

    guarantee("a project's Depot project is none until there is one, and for an unknown project", (store) =>
      Effect.gen(function* () {
        const { projectId } = namesOf("shop")
        const world = yield* World
        const answers = [yield* store.depotProject(projectId), yield* store.depotProject("proj_unknown")]
        yield* world.update("projects", { id: projectId }, { depot_project_id: "" })
        answers.push(yield* store.depotProject(projectId))
        yield* store.rememberDepotProject({ projectId, depotProjectId: "depot1", at })
        answers.push(yield* store.depotProject(projectId))
        assert.deepStrictEqual(answers.map(Option.getOrNull), [null, null, null, "depot1"])
        assert.deepInclude((yield* rowsOf).projects[0], { updated_at: at })
      })
    )

    guarantee("[W41] of two Depot projects for one project the first is kept", (store) =>
      Effect.gen(function* () {
        const { projectId } = namesOf("shop")
        yield* Effect.forEach(
          ["depot1", "depot2"],
          (depotProjectId) => store.rememberDepotProject({ projectId, depotProjectId, at }),
          { concurrency: "unbounded" }
        )
        const kept = yield* store.depotProject(projectId)
        yield* store.rememberDepotProject({ projectId, depotProjectId: "depot3", at: at + 1 })
        assert.deepStrictEqual(yield* store.depotProject(projectId), kept)
        assert.include(["depot1", "depot2"], Option.getOrNull(kept))
        assert.deepInclude((yield* rowsOf).projects[0], { updated_at: at })
      })
    )

    guarantee("a deployment is found with the live one of its project, and whether that is since a rollback", (store) =>
      Effect.gen(function* () {
        const world = yield* World
        yield* seedDeployment("shop", "d_1")
        const { projectId } = namesOf("shop")
        yield* world.update("projects", { id: projectId }, { live_deployment_id: "d_1", is_rolled_back: true })
        const { project } = yield* Effect.flatten(store.find("d_1"))
        assert.deepStrictEqual(project, { slug: "shop", liveDeploymentId: "d_1", isRolledBack: true })
      })
    )

    guarantee("a deployment whose parents are gone is found with nulls in their place", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1", { workspace_id: "ws_x", project_id: "proj_x", environment_id: "env_x" })
        const { environment, project, workspace } = Option.getOrThrow(yield* store.find("d_1"))
        assert.deepStrictEqual(
          { environment, project, workspace },
          { environment: null, project: null, workspace: null }
        )
      })
    )

    guarantee(
      "of two deployments that name a workspace's namespace at once, both get the one that was stored",
      (store) =>
        Effect.gen(function* () {
          const { workspaceId } = namesOf("shop")
          const answers = yield* Effect.forEach(
            ["aaa", "bbb", "ccc", "ddd"],
            (candidate) => store.ensureNamespace(workspaceId, candidate),
            { concurrency: "unbounded" }
          )
          const stored = (yield* rowsOf).workspaces[0]?.k8s_namespace
          assert.isString(stored)
          assert.deepStrictEqual(answers.map(Option.getOrNull), [stored, stored, stored, stored])
          assert.isTrue(Option.isNone(yield* store.ensureNamespace("ws_unknown", "eee")))
        })
    )

    guarantee("a phase change repeated after a lost answer leaves the rows of the first one", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        yield* store.changePhase({ deploymentId: "d_1", at, open: "queued" })
        const change = {
          deploymentId: "d_1",
          at: at + 5,
          close: "queued",
          open: "building",
          status: "building",
          image: "nginx:1",
          buildId: "bld-1"
        } as const
        yield* store.changePhase(change)
        const first = yield* rowsOf
        yield* store.changePhase(change)
        assert.deepStrictEqual(yield* rowsOf, first)
        assert.deepStrictEqual(yield* stepsOf, {
          building: { started_at: at + 5, ended_at: null, error: null },
          queued: { started_at: at, ended_at: at + 5, error: null }
        })
        assert.include(yield* deploymentOf("d_1"), {
          status: "building",
          image: "nginx:1",
          build_id: "bld-1",
          updated_at: at + 5
        })
      })
    )

    guarantee(
      "a step that exists keeps its start, and a closed one its end, when a later attempt writes them again",
      (store) =>
        Effect.gen(function* () {
          yield* seedDeployment("shop", "d_1")
          yield* store.changePhase({ deploymentId: "d_1", at, open: "queued" })
          yield* store.changePhase({ deploymentId: "d_1", at: at + 1, close: "queued" })
          yield* store.changePhase({ deploymentId: "d_1", at: at + 9, open: "queued" })
          yield* store.changePhase({ deploymentId: "d_1", at: at + 9, close: "queued" })
          assert.deepStrictEqual(yield* stepsOf, { queued: { started_at: at, ended_at: at + 1, error: null } })
          assert.include(yield* deploymentOf("d_1"), { status: "pending", updated_at: null })
        })
    )

    guarantee("a phase in which nothing happens is a step that ends when it begins", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        yield* store.changePhase({ deploymentId: "d_1", at, open: "queued" })
        const passing = { close: "queued", pass: "building", open: "deploying", status: "deploying" } as const
        yield* store.changePhase({ deploymentId: "d_1", at: at + 1, ...passing, image: "nginx:1" })
        const first = yield* rowsOf
        yield* store.changePhase({ deploymentId: "d_1", at: at + 1, ...passing, image: "nginx:1" })
        assert.deepStrictEqual(yield* rowsOf, first)
        assert.deepStrictEqual(yield* stepsOf, {
          queued: { started_at: at, ended_at: at + 1, error: null },
          building: { started_at: at + 1, ended_at: at + 1, error: null },
          deploying: { started_at: at + 1, ended_at: null, error: null }
        })
        assert.include(yield* deploymentOf("d_1"), { status: "deploying", image: "nginx:1", updated_at: at + 1 })
      })
    )

    guarantee("of a failure and a phase that begins at once, no step stays open", (store) =>
      Effect.gen(function* () {
        const ids = Array.from({ length: 20 }, (_, nth) => `d_${nth}`)
        yield* Effect.forEach(ids, (id) => seedDeployment("shop", id))
        yield* Effect.forEach(
          ids,
          (deploymentId) =>
            Effect.all(
              [
                store.changePhase({ deploymentId, at, open: "queued" }),
                store.fail({ deploymentId, message: "cancelled", at: at + 1 })
              ],
              { concurrency: "unbounded" }
            ),
          { concurrency: "unbounded" }
        )
        const { deployment_steps } = yield* rowsOf
        assert.deepStrictEqual(
          deployment_steps.filter(({ ended_at }) => ended_at === null),
          []
        )
      })
    )

    guarantee("the same phase opened by several attempts at once is one step", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        yield* Effect.forEach([1, 2, 3, 4, 5], () => store.changePhase({ deploymentId: "d_1", at, open: "queued" }), {
          concurrency: "unbounded"
        })
        assert.strictEqual((yield* rowsOf).deployment_steps.length, 1)
      })
    )

    guarantee("a failure closes every open step with its message and leaves the closed ones alone", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        yield* store.changePhase({ deploymentId: "d_1", at, open: "queued" })
        yield* store.changePhase({ deploymentId: "d_1", at: at + 1, close: "queued", open: "building" })
        yield* store.changePhase({ deploymentId: "d_1", at: at + 2, open: "deploying" })
        yield* store.fail({ deploymentId: "d_1", message: "no such image", at: at + 3 })
        yield* store.fail({ deploymentId: "d_1", message: "said again", at: at + 4 })
        const open = { ended_at: at + 3, error: "no such image" }
        assert.deepStrictEqual(yield* stepsOf, {
          queued: { started_at: at, ended_at: at + 1, error: null },
          building: { started_at: at + 1, ...open },
          deploying: { started_at: at + 2, ...open }
        })
        assert.include(yield* deploymentOf("d_1"), { status: "failed" })
      })
    )

    guarantee("a message longer than its column is cut, so that it never hides the failure", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        yield* store.changePhase({ deploymentId: "d_1", at, open: "queued" })
        yield* store.fail({ deploymentId: "d_1", message: "é🚀".repeat(400), at })
        const stored: string = (yield* stepsOf).queued?.error ?? ""
        assert.strictEqual(stored, "é🚀".repeat(256))
      })
    )

    guarantee("a failure that arrives after the deployment became ready changes nothing", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1", { status: "ready" })
        const before = yield* rowsOf
        yield* store.fail({ deploymentId: "d_1", message: "late", at })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee("a failure of the live deployment changes nothing", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1", { status: "network" })
        const world = yield* World
        yield* world.update("projects", { id: namesOf("shop").projectId }, { live_deployment_id: "d_1" })
        yield* store.changePhase({ deploymentId: "d_1", at, open: "network" })
        const before = yield* rowsOf
        yield* store.fail({ deploymentId: "d_1", message: "too late", at: at + 1 })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    for (const status of ["ready", "failed"] as const)
      guarantee(`a deployment that is ${status} no longer changes, whichever run still works on it`, (store) =>
        Effect.gen(function* () {
          yield* seedDeployment("shop", "d_1")
          yield* store.changePhase({ deploymentId: "d_1", at, open: "queued" })
          if (status === "ready") yield* store.changePhase({ deploymentId: "d_1", at: at + 1, close: "queued", status })
          else yield* store.fail({ deploymentId: "d_1", message: "cancelled", at: at + 1 })
          const before = yield* rowsOf
          yield* store.changePhase({ deploymentId: "d_1", at: at + 2, close: "queued", open: "building" })
          yield* store.changePhase({ deploymentId: "d_1", at: at + 3, status: "deploying", image: "web:2" })
          assert.deepStrictEqual(yield* rowsOf, before)
        })
      )

    guarantee("phases and failures of an unknown deployment write nothing", (store) =>
      Effect.gen(function* () {
        const before = yield* rowsOf
        yield* store.changePhase({ deploymentId: "d_unknown", at, open: "queued", status: "ready" })
        yield* store.fail({ deploymentId: "d_unknown", message: "gone", at })
        assert.deepStrictEqual(yield* rowsOf, before)
      })
    )

    guarantee(
      "regions come from the environment's settings, and missing settings are told apart from empty ones",
      (store) =>
        Effect.gen(function* () {
          const { environmentId, projectId } = { environmentId: "env_empty", projectId: namesOf("shop").projectId }
          const owner = { workspace_id: "ws_shop", created_at: seededAt }
          const world = yield* World
          yield* world.insert("environments", { ...owner, id: environmentId, project_id: projectId, slug: "empty" })
          yield* world.insert("environment_runtime_settings", {
            ...owner,
            environment_id: environmentId,
            region_config: {}
          })
          const configs = yield* Effect.forEach(
            [namesOf("shop").productionId, environmentId, "env_unknown"],
            store.regionConfig
          )
          assert.deepStrictEqual(configs.map(Option.getOrNull), [{ "eu-west-1.aws": 2 }, {}, null])
        })
    )

    guarantee("a region configuration of another shape is a failure that says so, whatever JSON it is", (store) =>
      Effect.gen(function* () {
        const environmentId = namesOf("shop").productionId
        const world = yield* World
        const nested = Array.from({ length: 30 }).reduce<unknown>((inner) => ({ eu: inner }), 1)
        const long = Object.fromEntries(Array.from({ length: 2000 }, (_, nth) => [`region-${nth}`, 1]))
        const texts = ["", "3", "{}", "\u{1F600}"]
        const others = [null, 3, true, [], ["eu"], { eu: "3" }, { eu: null }, { eu: { replicas: 1 } }, nested, long]
        for (const config of [...texts, ...others]) {
          yield* world.update(
            "environment_runtime_settings",
            { environment_id: environmentId },
            { region_config: config }
          )
          const answer = yield* Effect.either(store.regionConfig(environmentId))
          const said = Either.getOrThrow(Either.flip(answer))
          assert.deepInclude(said, { _tag: "RowUnfit", column: "region_config" }, JSON.stringify(config))
        }
      })
    )

    for (const column of columns.filter(({ table }) => table === "deployments"))
      for (const value of column.width === undefined ? integersOf(column) : [fourBytes(column.width)])
        if (column.name !== "pk")
          guarantee(
            `a deployment is found, and enters its phase or is refused for good, with ${column.name} ${typeof value === "string" ? "filled with four-byte characters" : value}`,
            (store) =>
              Effect.gen(function* () {
                const id = column.name === "id" ? String(value) : "d_1"
                // The column is one of the table's, and the value one that it takes.
                const filled = { k8s_name: "k8s-1", [column.name]: value } as Partial<Tables["deployments"]>
                yield* seedDeployment("shop", id, filled)
                const { deployment } = Option.getOrThrow(yield* store.find(id))
                const read = {
                  id: deployment.id,
                  k8s_name: deployment.k8sName,
                  workspace_id: deployment.workspaceId,
                  project_id: deployment.projectId,
                  environment_id: deployment.environmentId,
                  git_commit_sha: deployment.gitCommitSha,
                  git_branch: deployment.gitBranch,
                  port: deployment.port,
                  cpu_millicores: deployment.cpuMillicores,
                  memory_mib: deployment.memoryMib,
                  created_at: deployment.createdAt
                }
                // No workflow reads the other columns.
                assert.deepInclude({ [column.name]: value, ...read }, { [column.name]: value })
                const entered = yield* Effect.either(store.changePhase({ deploymentId: id, at, open: "queued" }))
                // MySQL names it 1265 or 1406, by the form of the statement.
                if (Either.isLeft(entered)) assert.include(["too_long", "wrong_value"], entered.left.reason)
                else assert.hasAllKeys(yield* stepsOf, ["queued"])
              })
          )

    guarantee("every region of the topology is listed, also one in which nothing runs yet", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        const world = yield* World
        for (const [version, region] of ["us-east-1.aws", "eu-west-1.aws"].entries()) {
          yield* world.insert("deployment_topology", {
            workspace_id: "ws_shop",
            deployment_id: "d_1",
            region,
            desired_replicas: 2,
            version: version + 1,
            desired_status: "starting",
            created_at: at,
            updated_at: null
          })
        }
        const instance = { deployment_id: "d_1", region: "us-east-1.aws" } as const
        yield* seedInstance("shop", { ...instance, k8s_name: "pod-b", status: "failed" })
        yield* seedInstance("shop", { ...instance, k8s_name: "pod-a", status: "running" })
        yield* seedInstance("shop", { ...instance, deployment_id: "d_other", k8s_name: "pod-c", status: "running" })
        assert.deepStrictEqual(yield* store.regions("d_1"), ["eu-west-1.aws", "us-east-1.aws"])
        assert.deepStrictEqual(yield* store.instances("d_1"), [
          { region: "eu-west-1.aws", desiredReplicas: 2, instances: [] },
          {
            region: "us-east-1.aws",
            desiredReplicas: 2,
            instances: [
              { k8sName: "pod-a", status: "running" },
              { k8sName: "pod-b", status: "failed" }
            ]
          }
        ])
      })
    )

    guarantee("an environment is reachable through a sentinel that reports healthy, and through no other", (store) =>
      Effect.gen(function* () {
        const { productionId } = namesOf("shop")
        yield* seedSentinel("shop", { region: "eu-west-1.aws", health: "unknown", version: 1 })
        assert.deepStrictEqual(yield* store.reachability(productionId), { hasHealthySentinel: false, hasRoutes: false })
        yield* seedSentinel("shop", { region: "us-east-1.aws", health: "healthy", version: 1 })
        assert.deepStrictEqual(yield* store.reachability(productionId), { hasHealthySentinel: true, hasRoutes: false })
      })
    )

    guarantee("an environment has routes once a deployment has one; a domain without a deployment is none", (store) =>
      Effect.gen(function* () {
        const { productionId } = namesOf("shop")
        yield* seedRoute("shop", "waiting.example", { deployment_id: "" })
        assert.isFalse((yield* store.reachability(productionId)).hasRoutes)
        yield* seedRoute("shop", "shop.example", { deployment_id: "d_1" })
        assert.isTrue((yield* store.reachability(productionId)).hasRoutes)
      })
    )

    guarantee("a health check says how long a start may take, or nothing where it does not fit", (store) =>
      Effect.gen(function* () {
        const check = { initialDelaySeconds: 60, intervalSeconds: 10, failureThreshold: 3 }
        const stored: ReadonlyArray<readonly [Record<string, unknown> | null, typeof check | null]> = [
          [null, null],
          [{ method: "GET", path: "/up", timeoutSeconds: 5, ...check }, check],
          [{ ...check, initialDelaySeconds: "60" }, null],
          [{ ...check, intervalSeconds: -1 }, null],
          [{ ...check, failureThreshold: 1e12 }, null],
          [{}, null]
        ]
        for (const [index, [healthcheck, expected]] of stored.entries()) {
          const id = yield* seedDeployment("shop", `d_${index}`, { healthcheck })
          const { deployment } = yield* Effect.flatten(store.find(id))
          assert.deepStrictEqual(deployment.healthCheck, expected)
        }
      })
    )

    guarantee("the live deployment is never stopped, may be told to run, and a missing one is reported", (store) =>
      Effect.gen(function* () {
        const { projectId } = namesOf("shop")
        yield* seedDeployment("shop", "d_1", { desired_state: "running" })
        yield* (yield* World).update("projects", { id: projectId }, { live_deployment_id: "d_1" })
        const change = (desiredState: "standby" | "archived" | "running", deploymentId = "d_1") =>
          store.changeDesiredState({ deploymentId, desiredState, at })
        assert.strictEqual(yield* change("standby"), "live")
        assert.strictEqual(yield* change("archived"), "live")
        assert.include(yield* deploymentOf("d_1"), { desired_state: "running", updated_at: null })
        assert.strictEqual(yield* change("running"), "changed")
        assert.strictEqual(yield* change("standby", "d_unknown"), "missing")
      })
    )

    guarantee(
      "a stop that races with becoming live either comes first or is refused, never stops the live one",
      (store) =>
        Effect.gen(function* () {
          const routes = yield* RouteStore
          const { projectId } = namesOf("shop")
          for (const round of [1, 2, 3, 4, 5, 6, 7, 8]) {
            const deploymentId = yield* seedDeployment("shop", `d_${round}`, { status: "ready" })
            const goLive = routes.transact({ projectId, deploymentId, fqdns: [], at }, ({ target }) => {
              const isStopped = target?.desiredState !== "running"
              return {
                insert: [],
                reassign: [],
                live: isStopped ? null : { deploymentId, isRolledBack: false },
                answer: !isStopped
              }
            })
            const stop = store.changeDesiredState({ deploymentId, desiredState: "standby", at })
            const [wentLive, stopped] = yield* Effect.all([goLive, stop], { concurrency: "unbounded" })
            assert.deepStrictEqual([wentLive, stopped], wentLive ? [true, "live"] : [false, "changed"])
          }
        })
    )

    const phases: ReadonlyArray<DeploymentPhase> = ["queued", "building", "deploying", "network"]
    guarantee("a whole deployment leaves four closed steps without errors", (store) =>
      Effect.gen(function* () {
        yield* seedDeployment("shop", "d_1")
        for (const [index, open] of phases.entries()) {
          const close = phases[index - 1]
          yield* store.changePhase({
            deploymentId: "d_1",
            at: at + index,
            open,
            ...(close === undefined ? {} : { close })
          })
        }
        yield* store.changePhase({ deploymentId: "d_1", at: at + 4, close: "network", status: "ready" })
        const steps = Object.values(yield* stepsOf)
        assert.strictEqual(steps.length, 4)
        assert.isTrue(steps.every((step) => step.ended_at !== null && step.error === null))
      })
    )
  })
