import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { helmProgram } from "../../dev/stack/HelmProgram.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import packageJson from "../../package.json" with { type: "json" }
import { namespace, renderChart, renderNotes, runHelm } from "./support/chart.ts"
import { comparable } from "./support/comparable.ts"
import { describeRendered } from "./support/describeRendered.ts"
import { imageUser } from "./support/imageUser.ts"
import { configMapsOf, jobsOf, type KubernetesObject, podsOf, servicesOf, workloadsOf } from "./support/Manifest.ts"
import { renderOverlay } from "./support/overlays.ts"
import { podProblems } from "./support/podProblems.ts"
import { schemaProblems } from "./support/schemaProblems.ts"
import { settingProblems } from "./support/settingProblems.ts"

// Where Helm is not installed, its modules are downloaded and compiled first, which takes minutes.
const reason = await Effect.runPromise(
  helmProgram.pipe(
    Effect.as(null),
    Effect.timeoutFail({
      duration: "15 minutes",
      onTimeout: () => ({ message: "Helm could not be built within 15 minutes" })
    }),
    Effect.catchAll(({ message }) => Effect.succeed(message)),
    Effect.provide(RunDirectoryLive)
  )
)

/** Tests that run Helm; where it cannot be had, one that is skipped says why. */
const describeHelm = (name: string, tests: () => void) =>
  describe(name, reason === null ? tests : () => void it.skip(`skipped: ${reason}`, () => undefined))

const identityKey = "publickeyv1_REPLACE_WITH_THE_KEY_OF_YOUR_RESTATE"
const production = {
  replicas: 3,
  config: { restate: { request_identity_keys: [identityKey] } },
  metrics: { serviceMonitor: true, rules: true, dashboard: true }
}
const operator = { restate: { operator: true } }

/** The overlay that has the same objects as the chart with these values. */
const equals = [
  ["deployment-small", {}],
  ["deployment-production", production],
  ["restatedeployment-small", operator],
  ["restatedeployment-production", { ...production, ...operator }]
] as const

/** Every value differs from its default. */
const everything = {
  ...production,
  image: { repository: "registry.example/worker", tag: "2.0.0" },
  imagePullSecrets: [{ name: "registry" }],
  version: "v2",
  existingSecret: "secrets",
  console: { enabled: true, ingressNamespace: "gateway" },
  config: {
    available_regions: ["eu-central-1.aws", "us-east-1.aws"],
    restate: { drain_timeout: "25s" },
    key_refill: { batch_size: 1000000 },
    observability: { tracing: { sample_rate: 0.5 } },
    github: { allow_unauthenticated_deployments: false }
  },
  extraEnv: [
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://collector:4318" },
    { name: "WORKER_GITHUB_PRIVATE_KEY_PEM_FILE", value: "/run/secrets/github/key.pem" }
  ],
  extraEnvFrom: [{ secretRef: { name: "more" } }],
  extraVolumes: [{ name: "github", secret: { secretName: "github" } }],
  extraVolumeMounts: [{ name: "github", mountPath: "/run/secrets/github", readOnly: true }],
  podAnnotations: { "example.com/team": "platform" },
  nodeSelector: { "kubernetes.io/arch": "arm64" },
  tolerations: [{ key: "dedicated", operator: "Exists" }],
  priorityClassName: "high",
  networkPolicy: { restateNamespace: "durable", monitoringNamespace: "observability" }
}

const isHook = ({ source }: KubernetesObject) => JSON.stringify(source).includes('"helm.sh/hook"')
const namesOf = (objects: ReadonlyArray<KubernetesObject>) =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
const settingsOf = (objects: ReadonlyArray<KubernetesObject>) =>
  configMapsOf(objects).find(({ data }) => "WORKER_RESTATE_ADMIN_URL" in data)?.data

describeRendered("the Helm chart and kustomize", () => {
  describeHelm("by Helm", () => {
    it.effect.each(equals)("have the same objects: %s", ([overlay, values]) =>
      Effect.gen(function* () {
        const ofChart = (yield* renderChart(values)).filter((object) => !isHook(object))
        assert.deepStrictEqual(comparable(ofChart), comparable(yield* renderOverlay(overlay)))
      })
    )
  })
})

describeHelm("the Helm chart", () => {
  it.effect("has no findings of `helm lint`, with default values and with others", () =>
    Effect.forEach([{}, everything], (values) => runHelm(["lint", "--strict", "--kube-version", "1.34.0"], values))
  )

  it.effect(
    "renders only fields that Kubernetes and its operators know, and pods with no more rights than they need",
    () =>
      Effect.forEach([{}, everything, { ...everything, ...operator }], (values) =>
        Effect.map(renderChart(values), (objects) => {
          assert.deepStrictEqual([...objects.flatMap(schemaProblems), ...settingProblems(objects)], [])
          for (const { owner, pod } of podsOf(objects)) assert.deepStrictEqual(podProblems(pod, imageUser()), [], owner)
        })
      )
  )

  it.effect("labels every object with the name and the version of the worker", () =>
    Effect.map(renderChart(production), (objects) => {
      for (const { kind, metadata } of objects) {
        assert.match(metadata.labels["app.kubernetes.io/name"] ?? "", /^control-plane-worker(-cron)?$/, kind)
        assert.strictEqual(metadata.labels["app.kubernetes.io/version"], packageJson.version, kind)
      }
    })
  )

  it.effect("leaves the number of pods to an autoscaler when it is null", () =>
    Effect.map(renderChart({ replicas: null }), (objects) =>
      assert.deepStrictEqual(
        workloadsOf(objects).map(({ spec }) => spec.replicas),
        [undefined]
      )
    )
  )

  it.effect("runs an image by its digest, which is no value of a label", () =>
    Effect.gen(function* () {
      const digest = `sha256:${"0a".repeat(32)}`
      const objects = yield* renderChart({ image: { repository: "registry.example/worker", tag: digest } })
      for (const { owner, pod } of podsOf(objects))
        assert.strictEqual(pod.spec.containers[0]?.image, `registry.example/worker@${digest}`, owner)
      for (const { metadata } of objects)
        assert.strictEqual(metadata.labels["app.kubernetes.io/version"], packageJson.version)
    })
  )

  it.effect("writes settings as the worker reads them from its environment", () =>
    Effect.map(renderChart(everything), (objects) =>
      assert.deepStrictEqual(settingsOf(objects), {
        WORKER_AVAILABLE_REGIONS: "eu-central-1.aws,us-east-1.aws",
        WORKER_CONSOLE_PORT: "9082",
        WORKER_GITHUB_ALLOW_UNAUTHENTICATED_DEPLOYMENTS: "false",
        WORKER_KEY_REFILL_BATCH_SIZE: "1000000",
        WORKER_OBSERVABILITY_METRICS_PROMETHEUS_PORT: "9090",
        WORKER_OBSERVABILITY_TRACING_SAMPLE_RATE: "0.5",
        WORKER_RESTATE_ADMIN_URL: "http://restate.restate:9070",
        WORKER_RESTATE_INGRESS_URL: "http://restate.restate:8080",
        WORKER_RESTATE_DRAIN_TIMEOUT: "25s"
      })
    )
  )

  it.effect.each([
    ["an unknown value", { replica: 2 }, "replica"],
    ["an unknown setting", { config: { restate: { drain: "25s" } } }, "drain"],
    ["a secret setting", { config: { database: { primary: "app:pw@tcp(db)/unkey" } } }, "primary"],
    ["a setting of the wrong type", { config: { key_refill: { batch_size: "many" } } }, "batch_size"],
    ["a port that its Services do not know", { config: { restate: { http_port: 1234 } } }, "http_port"]
  ] as const)("refuses %s", ([_, values, name]) =>
    Effect.map(Effect.flip(renderChart(values)), ({ message }) => assert.include(message, name))
  )

  it.effect("has a console for its proxy alone if it is switched on, and by default neither port nor Service", () =>
    Effect.gen(function* () {
      const off = yield* renderChart({})
      assert.notInclude(JSON.stringify(off), "WORKER_CONSOLE")
      assert.notInclude(JSON.stringify(off), "9082")
      const on = yield* renderChart({ console: { enabled: true, ingressNamespace: "gateway" } })
      assert.includeMembers(namesOf(on), [
        "Service/control-plane-worker-console",
        "NetworkPolicy/control-plane-worker-console"
      ])
      const policy = on.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name.endsWith("-console"))
      assert.include(JSON.stringify(policy?.source), '"kubernetes.io/metadata.name":"gateway"')
    })
  )

  it.effect("restarts pods when a setting changes, and only then", () =>
    Effect.gen(function* () {
      const checksum = (values: object) =>
        Effect.map(renderChart(values), (objects) => /"checksum\/config":"(\w+)"/.exec(JSON.stringify(objects))?.[1])
      const before = yield* checksum({})
      assert.match(before ?? "", /^[0-9a-f]{64}$/)
      assert.strictEqual(yield* checksum({ image: { tag: "2.0.0" } }), before)
      assert.notStrictEqual(yield* checksum({ config: { region: "eu" } }), before)
    })
  )

  it.effect("puts a second version beside the first as a release of its own, which shares no object and no pod", () =>
    Effect.gen(function* () {
      const first = yield* renderChart({ version: "v1", shared: { enabled: false } })
      const second = yield* renderChart({ version: "v2", shared: { enabled: false }, image: { tag: "2.0.0" } })
      const shared = yield* renderChart({ worker: { enabled: false } })
      const names = [first, second, shared].flatMap(namesOf)
      assert.strictEqual(new Set(names).size, names.length)
      assert.sameMembers(namesOf(first), [
        "ConfigMap/control-plane-worker-v1",
        "Service/control-plane-worker-v1",
        "Deployment/control-plane-worker-v1",
        "Job/control-plane-worker-v1-drain",
        "Job/control-plane-worker-v1-register"
      ])
      for (const objects of [first, second])
        for (const { spec } of [
          ...workloadsOf(objects).map(({ spec }) => ({ spec: spec.selector.matchLabels })),
          ...servicesOf(objects).map(({ spec }) => ({ spec: spec.selector }))
        ])
          assert.strictEqual(
            spec["app.kubernetes.io/instance"],
            objects === first ? "control-plane-worker-v1" : "control-plane-worker-v2"
          )
    })
  )

  it.effect("links its alerts and its dashboard to the given addresses", () =>
    Effect.gen(function* () {
      const objects = yield* renderChart({
        metrics: {
          rules: true,
          dashboard: true,
          runbooksUrl: "https://git.example/runbooks.md",
          grafanaUrl: "https://grafana.example",
          consoleUrl: "https://console.example"
        }
      })
      const rule = JSON.stringify(objects.find(({ kind }) => kind === "PrometheusRule")?.source)
      assert.include(rule, '"runbook_url":"https://git.example/runbooks.md#controlplaneworkerabsent"')
      assert.include(rule, '"dashboard_url":"https://grafana.example/d/control-plane-worker"')
      assert.notMatch(rule, /"runbook_url":"docs|"dashboard_url":"\//)
      const board = configMapsOf(objects).find(({ metadata }) => metadata.name.endsWith("-dashboard"))
      const { links, templating } = JSON.parse(board?.data["dashboard.json"] ?? "null")
      assert.strictEqual(templating.list.at(-1).query, "https://git.example/runbooks.md")
      assert.deepStrictEqual(links, [
        { title: "Console", type: "link", url: "https://console.example", targetBlank: true }
      ])
    })
  )

  it.effect("tells after an install what to run next, with the names of this release", () =>
    Effect.gen(function* () {
      const exec = `kubectl -n ${namespace} exec deployment/control-plane-worker-v7 -- node dist/main.js`
      const installed = yield* renderNotes({ version: "v7", drainBeforeDelete: { timeout: "30m" } })
      for (const command of ["check", "status", "versions"]) assert.include(installed, `${exec} ${command}\n`)
      assert.include(installed, `helm -n ${namespace} uninstall <the former release> --timeout 30m10m`)
      const unregistered = yield* renderNotes({ version: "v7", registerAfterInstall: { enabled: false } })
      assert.include(unregistered, `${exec} register http://control-plane-worker-v7.${namespace}:9080`)
      assert.include(
        yield* renderNotes(operator),
        `kubectl -n ${namespace} get restatedeployment control-plane-worker\n`
      )
      assert.include(yield* renderNotes({ shared: { enabled: false } }), "neither schedules nor alerts")
      assert.include(yield* renderNotes({ schedules: { enabled: false } }), "No schedule fires")
    })
  )

  it.effect(
    "registers a version when it is installed, and waits before it is deleted until Restate has no work left for it",
    () =>
      Effect.gen(function* () {
        const objects = yield* renderChart({ version: "v7", drainBeforeDelete: { timeout: "30m" } })
        const commands = jobsOf(objects).map(({ metadata, spec }) => [
          metadata.name,
          ...spec.template.spec.containers.flatMap(({ args }) => args)
        ])
        const [address] = servicesOf(objects).filter(({ metadata }) => metadata.name === "control-plane-worker-v7")
        assert.sameDeepMembers(commands, [
          ["control-plane-worker-v7-drain", "versions", "--remove-drained", "--yes", "--wait", "30m"],
          [
            "control-plane-worker-v7-register",
            "register",
            `http://${address?.metadata.name}.${namespace}:${address?.spec.ports[0]?.port}`
          ]
        ])
        assert.isEmpty(jobsOf(yield* renderChart(operator)))
      })
  )
})
