import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describeRendered } from "./support/describeRendered.ts"
import { imageUser } from "./support/imageUser.ts"
import {
  autoscalersOf,
  configMapsOf,
  podsOf,
  selects,
  serviceMonitorsOf,
  servicesOf,
  workloadsOf
} from "./support/Manifest.ts"
import { copyOfDeploy, renderOverlay } from "./support/overlays.ts"
import { podProblems } from "./support/podProblems.ts"
import { schemaProblems } from "./support/schemaProblems.ts"
import { settingProblems } from "./support/settingProblems.ts"

/** Where each variant lists the components of its pods, as seen from there. */
const variants = {
  Deployment: { overlay: "deployment-small", folder: "overlays/deployment-small/v1", up: "../../.." },
  RestateDeployment: { overlay: "restatedeployment-small", folder: "overlays/restatedeployment-small", up: "../.." }
} as const
const kinds = ["Deployment", "RestateDeployment"] as const

/** As deploy/README.md says: a component takes the place of the number of replicas. */
const withoutReplicas = (text: string) =>
  text.replace(/^replicas:\n(?: .*\n)+/m, "").replace(/^patches:\n(?: .*\n)+/m, "")

const withComponent = (kind: (typeof kinds)[number], component: string, change = (text: string) => text) =>
  Effect.gen(function* () {
    const { edit, render } = yield* copyOfDeploy
    const { folder, overlay, up } = variants[kind]
    yield* edit(`${folder}/kustomization.yaml`, (text) =>
      change(text).concat(`components:\n  - ${up}/components/${component}\n`)
    )
    return yield* render(`overlays/${overlay}`)
  })

describeRendered("the component for a vault's Kubernetes login", () => {
  it.scoped.each(kinds)("mounts an hour's token for the vault alone where the worker reads it, in a %s", (kind) =>
    Effect.gen(function* () {
      const objects = yield* withComponent(kind, "vault-kubernetes")
      assert.deepStrictEqual([...objects.flatMap(schemaProblems), ...settingProblems(objects)], [])
      const [workload] = workloadsOf(objects)
      const { containers, volumes } = workload?.spec.template.spec ?? assert.fail("nothing runs the worker")
      const volume = volumes.find(({ projected }) => projected !== undefined)
      const token = { audience: "vault", expirationSeconds: 3600, path: "token" }
      assert.deepStrictEqual(volume?.projected?.sources, [{ serviceAccountToken: token }])
      const mount = containers.flatMap(({ volumeMounts }) => volumeMounts).find(({ name }) => name === volume?.name)
      assert.isTrue(mount?.readOnly)
      const data = Object.assign({}, ...configMapsOf(objects).map((map) => map.data))
      assert.strictEqual(data.WORKER_VAULT_KUBERNETES_TOKEN_FILE, `${mount?.mountPath}/${token.path}`)
      assert.strictEqual(data.WORKER_VAULT_KIND, "hashicorp")
    })
  )

  it.scoped("leaves the pod its user, whom Kubernetes gives the token, and no token for the API server", () =>
    Effect.gen(function* () {
      const objects = yield* withComponent("Deployment", "vault-kubernetes")
      for (const { owner, pod } of podsOf(objects)) assert.deepStrictEqual(podProblems(pod, imageUser()), [], owner)
    })
  )
})

describeRendered("the component for autoscaling", () => {
  it.scoped.each(kinds)("scales a %s, which then leaves the number of its pods to it", (kind) =>
    Effect.gen(function* () {
      const objects = yield* withComponent(kind, `autoscaling-${kind.toLowerCase()}`, withoutReplicas)
      assert.deepStrictEqual(objects.flatMap(schemaProblems), [])
      const [workload] = workloadsOf(objects)
      assert.isUndefined(workload?.spec.replicas)
      assert.deepStrictEqual(
        autoscalersOf(objects).map(({ spec }) => spec.scaleTargetRef),
        [
          {
            apiVersion: kind === "Deployment" ? "apps/v1" : "restate.dev/v1beta1",
            kind,
            name: workload?.metadata.name ?? "none"
          }
        ]
      )
    })
  )
})

describeRendered("the component for monitoring", () => {
  it.effect("brings what to scrape, the alerts, and the dashboard for Grafana's sidecar", () =>
    Effect.gen(function* () {
      const objects = yield* renderOverlay("deployment-production")
      const kindsThere = objects.map(({ kind }) => kind)
      assert.includeMembers(kindsThere, ["ServiceMonitor", "PrometheusRule"])
      const scraped = serviceMonitorsOf(objects).flatMap(({ spec: { endpoints, selector } }) =>
        servicesOf(objects)
          .filter(({ metadata }) => selects(selector.matchLabels, metadata.labels))
          .map(({ metadata, spec }) => ({
            service: metadata.name,
            ports: spec.ports.map(({ name }) => name),
            asked: endpoints.map(({ port }) => port)
          }))
      )
      // Each pod once: a version's own Service is not scraped as well.
      assert.deepStrictEqual(scraped, [
        { service: "control-plane-worker-metrics", ports: ["metrics"], asked: ["metrics"] }
      ])
      const dashboards = configMapsOf(objects).filter(({ metadata }) => metadata.labels.grafana_dashboard === "1")
      assert.lengthOf(dashboards, 1)
      for (const { data, metadata } of dashboards) {
        assert.strictEqual(metadata.name, "control-plane-worker-dashboard")
        assert.isArray(JSON.parse(data["dashboard.json"] ?? "null").panels)
        // `kubectl apply` repeats the object in an annotation, which may have 256 KiB.
        assert.isBelow(JSON.stringify(data).length, 256 * 1024)
      }
    })
  )
})

describeRendered("the component for the console", () => {
  it.scoped("gives all versions one address on the console's port, which Prometheus does not scrape", () =>
    Effect.gen(function* () {
      const { edit, render } = yield* copyOfDeploy
      yield* edit("overlays/deployment-small/shared/kustomization.yaml", (text) =>
        text.concat("components:\n  - ../../../components/console\n")
      )
      const objects = yield* render("overlays/deployment-small")
      assert.deepStrictEqual(objects.flatMap(schemaProblems), [])
      const service = servicesOf(objects).find(({ metadata }) => metadata.name === "control-plane-worker-console")
      assert.deepStrictEqual(
        service?.spec.ports.map(({ name }) => name),
        ["console"]
      )
      const workloads = workloadsOf(objects)
      assert.isNotEmpty(workloads)
      for (const { spec } of workloads)
        assert.isTrue(selects(service?.spec.selector ?? { none: "" }, spec.template.metadata.labels))
      const monitored = yield* renderOverlay("deployment-production")
      for (const { spec } of serviceMonitorsOf(monitored))
        assert.isFalse(selects(spec.selector.matchLabels, service?.metadata.labels ?? {}))
    })
  )
})
