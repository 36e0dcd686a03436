import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect } from "effect"
import { settings } from "../../src/config/settings.ts"
import { schedules } from "../../src/contract/schedules.ts"
import { describeRendered } from "./support/describeRendered.ts"
import { imageUser } from "./support/imageUser.ts"
import {
  configMapsOf,
  cronJobsOf,
  disruptionBudgetsOf,
  isAbout,
  type KubernetesObject,
  networkPoliciesOf,
  podsOf,
  selects,
  servicesOf,
  workloadsOf
} from "./support/Manifest.ts"
import { mayReach } from "./support/mayReach.ts"
import { overlayFolders, overlays, renderOverlay } from "./support/overlays.ts"
import { podProblems } from "./support/podProblems.ts"
import { schemaProblems } from "./support/schemaProblems.ts"
import { settingProblems } from "./support/settingProblems.ts"

/** Metadata services and what surrounds them, and what a worker calls. */
const destinations: ReadonlyArray<readonly [address: string, port: number, isOpen: boolean]> = [
  ["169.254.169.254", 80, false],
  ["169.254.170.2", 80, false],
  ["169.254.169.253", 53, false],
  ["fd00:ec2::254", 80, false],
  ["fd20:ce::254", 80, false],
  ["fe80::a9fe:a9fe", 80, false],
  ["100.100.100.200", 80, false],
  ["168.63.129.16", 80, false],
  ["169.254.20.10", 80, false],
  ["169.254.20.10", 53, true],
  ["10.0.0.10", 3306, true],
  ["172.65.32.248", 443, true],
  ["2606:4700:60:0:f53d:5624:85c7:3a2c", 443, true],
  ["fd00:ec2::253", 53, true]
]

const workloadOf = (objects: ReadonlyArray<KubernetesObject>) => {
  const [workload, ...others] = workloadsOf(objects)
  assert.isEmpty(others)
  const found = workload ?? assert.fail("nothing runs the worker")
  const { containers, ...pod } = found.spec.template.spec
  return { ...found, pod, container: containers[0] ?? assert.fail("the schema has one container") }
}

const settingsData = (objects: ReadonlyArray<KubernetesObject>): Readonly<Record<string, string>> => {
  const referred = workloadOf(objects).container.envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? [])
  return Object.assign(
    {},
    ...configMapsOf(objects).flatMap(({ data, metadata }) => (referred.includes(metadata.name) ? [data] : []))
  )
}

/** As the worker reads it, its default included. */
const drainOf = (data: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(
    settings.restate.drainTimeout.config("WORKER_RESTATE_DRAIN_TIMEOUT"),
    ConfigProvider.fromMap(new Map(Object.entries(data)))
  )

describeRendered("the overlay", () => {
  it.effect("is one of these", () => Effect.map(overlayFolders, (found) => assert.sameMembers(found, [...overlays])))

  describe.each(overlays)("%s", (overlay) => {
    it.effect("holds only fields that Kubernetes and its operators know, of the right type", () =>
      Effect.map(renderOverlay(overlay), (objects) => {
        assert.isAbove(objects.length, 9)
        assert.deepStrictEqual(objects.flatMap(schemaProblems), [])
      })
    )

    it.effect("gives no pod more than it needs, and runs the image as the user it is made for", () =>
      Effect.map(renderOverlay(overlay), (objects) => {
        const pods = podsOf(objects)
        assert.lengthOf(pods, 1 + schedules.length)
        for (const { owner, pod } of pods) assert.deepStrictEqual(podProblems(pod, imageUser()), [], owner)
      })
    )

    it.effect("names only settings that exist, and holds no secret", () =>
      Effect.map(renderOverlay(overlay), (objects) => assert.deepStrictEqual(settingProblems(objects), []))
    )

    it.effect("lets a pod drain before it is killed", () =>
      Effect.gen(function* () {
        const objects = yield* renderOverlay(overlay)
        const { container, pod } = workloadOf(objects)
        const drain = Duration.toSeconds(yield* drainOf(settingsData(objects)))
        const preStop = container.lifecycle?.preStop.sleep.seconds ?? 0
        assert.isAbove(preStop, 0)
        // What docs/upgrading.md asks for.
        assert.isAtLeast(pod.terminationGracePeriodSeconds ?? 30, preStop + drain + 5)
      })
    )

    it.effect("asks each probe at the port of the worker, and has that port and the metrics' by name", () =>
      Effect.map(renderOverlay(overlay), (objects) => {
        const { container } = workloadOf(objects)
        const { livenessProbe, ports, readinessProbe, startupProbe } = container
        assert.deepStrictEqual(
          [startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet),
          ["startup", "ready", "live"].map((name) => ({ path: `/health/${name}`, port: "restate" }))
        )
        assert.deepStrictEqual(ports, [
          { name: "restate", containerPort: 9080 },
          { name: "metrics", containerPort: Number(settingsData(objects).WORKER_OBSERVABILITY_METRICS_PROMETHEUS_PORT) }
        ])
      })
    )

    it.effect("selects the worker's pods wherever a port of theirs is named", () =>
      Effect.map(renderOverlay(overlay), (objects) => {
        const { container, spec } = workloadOf(objects)
        const { labels } = spec.template.metadata
        const ports = container.ports.map(({ name }) => name)
        assert.isTrue(selects(spec.selector.matchLabels, labels))
        for (const { metadata, spec: service } of servicesOf(objects)) {
          assert.isTrue(selects(service.selector, labels), metadata.name)
          for (const { targetPort } of service.ports) assert.include(ports, targetPort)
        }
        for (const budget of disruptionBudgetsOf(objects))
          assert.isTrue(selects(budget.spec.selector.matchLabels, labels))
        const policies = networkPoliciesOf(objects).filter(
          (it) => isAbout(it, labels) && it.spec.policyTypes.includes("Ingress")
        )
        assert.lengthOf(policies, 1)
        const open = policies.flatMap(({ spec: { ingress } }) =>
          ingress.flatMap((rule) => rule.ports.map(({ port }) => port))
        )
        assert.sameMembers(open, ports)
        for (const { spec: job } of cronJobsOf(objects))
          assert.isFalse(selects(spec.selector.matchLabels, job.jobTemplate.spec.template.metadata.labels))
      })
    )

    it.effect(
      "calls ready pods only, so that no worker has to register itself through a Service that it is not in yet",
      () =>
        Effect.map(renderOverlay(overlay), (objects) => {
          const called = servicesOf(objects).filter(({ spec }) => spec.clusterIP !== "None")
          assert.lengthOf(called, workloadOf(objects).kind === "Deployment" ? 1 : 0)
          for (const { metadata, spec } of called) assert.isFalse(spec.publishNotReadyAddresses, metadata.name)
          assert.notProperty(settingsData(objects), "WORKER_RESTATE_REGISTER_AS")
        })
    )

    it.effect("lets no pod reach a metadata service, and each of them every other address", () =>
      Effect.map(renderOverlay(overlay), (objects) => {
        const pods = [
          ...workloadsOf(objects).map(({ spec }) => spec.template),
          ...cronJobsOf(objects).map(({ spec }) => spec.jobTemplate.spec.template)
        ]
        for (const { metadata } of pods) {
          const policies = networkPoliciesOf(objects).filter((it) => isAbout(it, metadata.labels))
          for (const [address, port, isOpen] of destinations)
            assert.strictEqual(mayReach(policies, address, port), isOpen, `${address} ${port}`)
        }
      })
    )

    it.effect("names the worker's pods as the alerts do", () =>
      // The name of a pod is that of its workload, `-` and what Kubernetes appends.
      Effect.map(renderOverlay(overlay), (objects) =>
        assert.match(workloadOf(objects).metadata.name, /^control-plane-worker(-.+)?$/)
      )
    )

    it.effect("fires every schedule at its time", () =>
      Effect.map(renderOverlay(overlay), (objects) =>
        assert.sameDeepMembers(
          cronJobsOf(objects).map(({ spec: { jobTemplate, schedule, timeZone } }) => ({
            args: jobTemplate.spec.template.spec.containers.flatMap(({ args }) => args),
            schedule,
            timeZone
          })),
          schedules.map(({ cron, name }) => ({ args: ["cron", name], schedule: cron, timeZone: "Etc/UTC" }))
        )
      )
    )
  })

  it.effect("of one size runs the same pod with and without the operator", () =>
    Effect.gen(function* () {
      const podIn = (overlay: (typeof overlays)[number]) =>
        Effect.map(renderOverlay(overlay), (objects) => {
          const { container, pod } = workloadOf(objects)
          return { pod, container: { ...container, envFrom: container.envFrom.map((it) => Object.keys(it)) } }
        })
      assert.deepStrictEqual(yield* podIn("deployment-production"), yield* podIn("restatedeployment-production"))
    })
  )
})
