import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor"
import { ConfigProvider, Duration, Effect } from "effect"
import { Deployment } from "kubernetes-models/apps/v1/Deployment"
import { CronJob } from "kubernetes-models/batch/v1/CronJob"
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy"
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget"
import { ConfigMap } from "kubernetes-models/v1/ConfigMap"
import { Service } from "kubernetes-models/v1/Service"
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount"
import { parseAllDocuments } from "yaml"
import { findKubectl, kustomize } from "../../dev/kubectl.ts"
import { environmentName, settingPaths } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"
import { schedules } from "../../src/contract/schedules.ts"
import { schemaProblems } from "./schemaProblems.ts"

const models = [
  Deployment,
  CronJob,
  NetworkPolicy,
  PodDisruptionBudget,
  ConfigMap,
  Service,
  ServiceAccount,
  ServiceMonitor
]
const folder = fileURLToPath(new URL("../../deploy/kubernetes/overlays/", import.meta.url))
const kubectl = findKubectl()
// biome-ignore lint/suspicious/noExplicitAny: rendered YAML has no type before the schemas below have seen it.
type Rendered = any
const render = (name: string): ReadonlyArray<Rendered> =>
  parseAllDocuments(kustomize(kubectl, folder + name)).map((each) => each.toJS())

const isWorkload = ({ kind }: Rendered) => kind === "Deployment" || kind === "RestateDeployment"
const podOf = (object: Rendered) =>
  object.kind === "CronJob" ? object.spec.jobTemplate.spec.template : object.spec.template

for (const name of readdirSync(folder))
  describe(`the overlay ${name}`, () => {
    const objects = render(name)
    const workload = objects.find(isWorkload)
    const container = workload.spec.template.spec.containers[0]
    const data: Record<string, string> = objects.find(({ kind }) => kind === "ConfigMap").data

    it("holds only fields that Kubernetes knows, of the right type", () => {
      assert.isAbove(objects.length, 9)
      assert.deepStrictEqual(
        objects.flatMap((each) => schemaProblems(models, each)),
        []
      )
    })

    it("is refused with a misspelt field at any depth", () => {
      const wrong = structuredClone(workload)
      wrong.spec.template.spec.containers[0].readinesProbe = {}
      assert.deepStrictEqual(schemaProblems(models, wrong), ["/spec/template/spec/containers/0/readinesProbe: unknown"])
      const mistyped = structuredClone(workload)
      mistyped.spec.template.spec.terminationGracePeriodSeconds = "forty"
      assert.isNotEmpty(schemaProblems(models, mistyped))
    })

    it("lets a pod drain before it is killed", () => {
      const spec = workload.spec.template.spec
      const given = data.WORKER_RESTATE_DRAIN_TIMEOUT
      // As the worker reads it, its default included.
      const drain = Effect.runSync(
        Effect.withConfigProvider(
          settings.restate.drainTimeout.config("drain"),
          ConfigProvider.fromMap(new Map(given === undefined ? [] : [["drain", given]]))
        )
      )
      assert.isAtLeast(
        spec.terminationGracePeriodSeconds,
        container.lifecycle.preStop.sleep.seconds + Duration.toSeconds(drain) + 5
      )
    })

    it("gives no container more than it needs", () => {
      for (const object of objects.filter((each) => isWorkload(each) || each.kind === "CronJob")) {
        const { spec } = podOf(object)
        assert.isFalse(spec.automountServiceAccountToken)
        assert.isFalse(spec.enableServiceLinks)
        assert.isTrue(spec.securityContext.runAsNonRoot)
        assert.strictEqual(spec.securityContext.runAsUser, 1000)
        assert.strictEqual(spec.securityContext.seccompProfile.type, "RuntimeDefault")
        for (const { image, resources, securityContext } of spec.containers) {
          assert.match(image, /:(?!latest$)[\w.-]+$/)
          assert.isDefined(resources.requests.memory)
          assert.isDefined(resources.limits.memory)
          assert.deepStrictEqual(securityContext, {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true
          })
        }
      }
    })

    it("names only settings that exist, and holds no secret", () => {
      const paths = settingPaths(settings)
      const known = new Map(Array.from(paths.keys(), (path) => [environmentName(path), path]))
      for (const key of Object.keys(data)) {
        assert.isTrue(known.has(key), key)
        assert.notMatch(key, /SECRET|TOKEN|PASSWORD|API_KEY|PEM|HMAC|WEBHOOK|HEARTBEAT|DATABASE/)
      }
      assert.isFalse(objects.some(({ kind }) => kind === "Secret"))
    })

    it("has a selector and a port by name wherever one is referred to", () => {
      const labels: Record<string, string> = workload.spec.template.metadata.labels
      const ports: ReadonlyArray<string> = container.ports.map((port: Rendered) => port.name)
      const matches = (selector: Record<string, string>) =>
        Object.entries(selector).every(([key, value]) => labels[key] === value)
      assert.isTrue(matches(workload.spec.selector.matchLabels))
      for (const { kind, metadata, spec } of objects) {
        if (kind === "Service") {
          assert.isTrue(matches(spec.selector), metadata.name)
          for (const port of spec.ports) assert.include(ports, port.targetPort)
        }
        if (kind === "PodDisruptionBudget") assert.isTrue(matches(spec.selector.matchLabels))
        if (kind === "NetworkPolicy" && matches(spec.podSelector.matchLabels))
          for (const rule of spec.ingress) for (const { port } of rule.ports) assert.include(ports, port)
      }
      for (const probe of ["startup", "readiness", "liveness"])
        assert.include(ports, container[`${probe}Probe`].httpGet.port)
    })

    it("registers a plain Deployment at the address of its own version's Service", () => {
      if (workload.kind !== "Deployment") return assert.isUndefined(data.WORKER_RESTATE_REGISTER_AS)
      const { metadata } = objects.find((each) => each.kind === "Service" && each.spec.clusterIP !== "None")
      assert.strictEqual(data.WORKER_RESTATE_REGISTER_AS, `http://${metadata.name}.${metadata.namespace}:9080`)
      assert.notStrictEqual(metadata.name, "control-plane-worker")
    })

    it("fires every schedule at its time", () => {
      const fired = objects
        .filter(({ kind }) => kind === "CronJob")
        .map(({ spec }) => [spec.jobTemplate.spec.template.spec.containers[0].args, spec.schedule, spec.timeZone])
      assert.sameDeepMembers(
        fired,
        schedules.map(({ cron, name }) => [["cron", name], cron, "Etc/UTC"])
      )
    })
  })

describe("the two variants", () => {
  it("run the same pod", () => {
    const specOf = (name: string) => {
      const { spec } = render(name).find(isWorkload).spec.template
      const [{ envFrom: _, ...container }] = spec.containers
      return { ...spec, containers: [container], topologySpreadConstraints: [] }
    }
    assert.deepStrictEqual(specOf("deployment-production"), specOf("restatedeployment-production"))
  })
})
