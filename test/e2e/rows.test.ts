import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { namesOf, seededAt, seedProject } from "../support/memory/seeds.ts"
import type { Rows } from "../support/memory/Tables.ts"
import { apex, deployNew, imageOf, rows } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { stack } from "./support/Stack.ts"

const europe = "eu-west-1.aws"
const america = "us-east-1.aws"
const { workspaceId, projectId, productionId } = namesOf("shop")

/** All rows after the first deploy of a project's production environment in two regions. */
class FirstDeploy extends Context.Tag("test/e2e/FirstDeploy")<FirstDeploy, Rows>() {}

const firstDeploy = Layer.effect(
  FirstDeploy,
  Effect.gen(function* () {
    yield* seedProject("shop", { regions: { [europe]: 2, [america]: 1 } })
    const git = { git_commit_sha: "0f3c9a1b4d5e6f708192a3b4c5d6e7f809182736", git_branch: "Feature/Login" }
    yield* deployNew("shop", "d_shop", 0, { ...git, port: 3000 })
    return yield* eventually("healthy sentinels", rows, ({ sentinels }) =>
      sentinels.every(({ health }) => health === "healthy")
    )
  })
)

const namespaceOf = ({ workspaces }: Rows) => workspaces[0]?.k8s_namespace ?? ""

const Members = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const Policy = Schema.Struct({
  apiVersion: Schema.String,
  kind: Schema.String,
  metadata: Schema.Struct({ name: Schema.String, namespace: Schema.String, labels: Members }),
  spec: Members,
  status: Schema.Struct({})
})

/** Its description is for people; everything else is for Cilium. */
const withoutDescription = (policy: unknown): object => {
  const { spec, ...rest } = Schema.decodeUnknownSync(Policy, { onExcessProperty: "error" })(policy)
  const { description, ...rules } = spec
  assert.isString(description)
  return { ...rest, spec: rules }
}

const owner = { "unkey.com/workspace.id": workspaceId, "unkey.com/environment.id": productionId }
const pods = {
  "app.kubernetes.io/managed-by": "krane",
  "app.kubernetes.io/component": "deployment",
  "unkey.com/deployment.id": "d_shop"
}
const toPorts = [{ ports: [{ port: "3000", protocol: "TCP" }] }]

const policyOf = (
  { id, k8s_name, k8s_namespace }: Rows["cilium_network_policies"][number],
  component: string,
  spec: object
): object => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: {
    name: k8s_name,
    namespace: k8s_namespace,
    labels: { ...pods, ...owner, "app.kubernetes.io/component": component, "unkey.com/networkpolicy.id": id }
  },
  spec,
  status: {}
})

const world = Layer.provideMerge(firstDeploy, stack({ regions: [europe, america] }))

layer(world, { excludeTestServices: true, timeout: "1 minute" })("the rows of a first deploy", (it) => {
  it.effect("the deployment has its image and is ready, its workspace has a namespace, its project has it live", () =>
    Effect.gen(function* () {
      const { deployments, projects, workspaces } = yield* FirstDeploy
      assert.deepInclude(deployments[0], { image: imageOf("d_shop"), status: "ready", desired_state: "running" })
      assert.isAbove(deployments[0]?.updated_at ?? 0, seededAt)
      assert.match(workspaces[0]?.k8s_namespace ?? "", /^[a-z][a-z0-9]{15}$/)
      assert.deepInclude(projects[0], { live_deployment_id: "d_shop", is_rolled_back: false })
    })
  )

  it.effect("four steps follow each other, each closed without an error", () =>
    Effect.gen(function* () {
      const { deployment_steps } = yield* FirstDeploy
      assert.deepStrictEqual(deployment_steps.map(({ step }) => step).toSorted(), [
        "building",
        "deploying",
        "network",
        "queued"
      ])
      const phases = ["queued", "building", "deploying", "network"] as const
      const times = phases.flatMap((phase) => {
        const row = deployment_steps.find(({ step }) => step === phase)
        assert.deepInclude(row, {
          workspace_id: workspaceId,
          project_id: projectId,
          environment_id: productionId,
          deployment_id: "d_shop",
          error: null
        })
        return [row?.started_at ?? Number.NaN, row?.ended_at ?? Number.NaN]
      })
      assert.deepStrictEqual(
        times,
        times.toSorted((a, b) => a - b)
      )
      assert.isAbove(times[0] ?? 0, seededAt)
    })
  )

  it.effect("krane finds a topology in each configured region", () =>
    Effect.gen(function* () {
      const { deployment_topology } = yield* FirstDeploy
      assert.deepStrictEqual(
        deployment_topology.map(({ version, created_at, updated_at, ...row }) => row),
        [europe, america].map((region) => ({
          workspace_id: workspaceId,
          deployment_id: "d_shop",
          region,
          desired_replicas: region === europe ? 2 : 1,
          desired_status: "starting"
        }))
      )
    })
  )

  it.effect("each region has a sentinel of the environment", () =>
    Effect.gen(function* () {
      const { sentinels } = yield* FirstDeploy
      assert.deepStrictEqual(sentinels.map(({ region }) => region).toSorted(), [europe, america])
      for (const sentinel of sentinels) {
        assert.match(sentinel.id, /^se_[a-zA-Z0-9]{16}$/)
        assert.match(sentinel.k8s_name, /^[a-z][a-z0-9]{15}$/)
        assert.deepInclude(sentinel, {
          workspace_id: workspaceId,
          project_id: projectId,
          environment_id: productionId,
          k8s_address: `${sentinel.k8s_name}.sentinel.svc.cluster.local:8040`,
          image: "ghcr.io/unkeyed/unkey:local",
          desired_replicas: 3,
          cpu_millicores: 256,
          memory_mib: 256
        })
      }
    })
  )

  for (const region of [europe, america]) {
    it.effect(`in ${region} only sentinels may reach the deployment's port`, () =>
      Effect.gen(function* () {
        const all = yield* FirstDeploy
        const namespace = namespaceOf(all)
        const [egress, ingress, ...more] = all.cilium_network_policies
          .filter((policy) => policy.region === region)
          .toSorted((a, b) => (a.k8s_name < b.k8s_name ? -1 : 1))
        assert.isDefined(ingress)
        assert.isDefined(egress)
        assert.deepStrictEqual(more, [])
        assert.deepInclude(ingress, { k8s_name: "sentinel-ingress-to-k8s-d-shop", k8s_namespace: namespace })
        assert.deepInclude(egress, { k8s_name: "sentinel-egress-to-k8s-d-shop", k8s_namespace: "sentinel" })
        const from = { matchLabels: { "io.kubernetes.pod.namespace": "sentinel", ...owner } }
        assert.deepStrictEqual(
          withoutDescription(ingress.policy),
          policyOf(ingress, "deployment", {
            endpointSelector: { matchLabels: pods },
            ingress: [{ fromEndpoints: [from], toPorts }]
          })
        )
        const to = { matchLabels: { "io.kubernetes.pod.namespace": namespace, ...pods } }
        assert.deepStrictEqual(
          withoutDescription(egress.policy),
          policyOf(egress, "sentinel", {
            endpointSelector: { matchLabels: { "app.kubernetes.io/component": "sentinel", ...owner } },
            egress: [{ toEndpoints: [to], toPorts }]
          })
        )
      })
    )
  }

  it.effect("every versioned row of a region has a version of its own, policies before sentinel before topology", () =>
    Effect.gen(function* () {
      const { cilium_network_policies, deployment_topology, sentinels } = yield* FirstDeploy
      for (const region of [europe, america]) {
        const versions = [cilium_network_policies, sentinels, deployment_topology].map((table) =>
          table
            .filter((row) => row.region === region)
            .map(({ version }) => version)
            .toSorted()
        )
        assert.deepStrictEqual(versions, [[1, 2], [3], [4]])
      }
    })
  )

  it.effect("frontline finds the commit's, the branch's, the environment's and the live host name", () =>
    Effect.gen(function* () {
      const { frontline_routes } = yield* FirstDeploy
      const stickyOf = frontline_routes.map(({ fully_qualified_domain_name, sticky }) => [
        fully_qualified_domain_name.replace(/-[1-9]\d{3}-/, "-NNNN-"),
        sticky
      ])
      assert.deepStrictEqual(Object.fromEntries(stickyOf), {
        [`shop-git-0f3c9a1-NNNN-shop.${apex}`]: "none",
        [`shop-git-feature-login-shop.${apex}`]: "branch",
        [`shop-production-shop.${apex}`]: "environment",
        [`shop-shop.${apex}`]: "live"
      })
      for (const route of frontline_routes) {
        assert.match(route.id, /^flr_[a-zA-Z0-9]{16}$/)
        assert.deepInclude(route, {
          project_id: projectId,
          environment_id: productionId,
          deployment_id: "d_shop",
          updated_at: route.created_at
        })
      }
    })
  )
})
