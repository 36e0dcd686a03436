import { assert, describe, it } from "@effect/vitest"
import { kubernetesObject, podsOf } from "./support/Manifest.ts"
import { podProblems } from "./support/podProblems.ts"
import { schemaProblems } from "./support/schemaProblems.ts"
import { settingProblems } from "./support/settingProblems.ts"

const user = { uid: 65532, gid: 65532 }
const labels = { app: "worker" }

const container = {
  name: "worker",
  image: "worker:1.0.0",
  args: ["serve"],
  envFrom: [{ configMapRef: { name: "settings" } }],
  resources: { requests: { cpu: "250m", memory: "512Mi" }, limits: { memory: "1Gi" } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } }
}
const pod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" }
  },
  containers: [container]
}
const deployment = (changed: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "worker" },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { ...pod, ...changed } } }
})
const withContainer = (changed: object) => deployment({ containers: [{ ...container, ...changed }] })
const restateDeployment = (changed: object = {}) => ({
  ...deployment(),
  apiVersion: "restate.dev/v1beta1",
  kind: "RestateDeployment",
  spec: { ...deployment().spec, restate: { register: { url: "http://restate:9070" } }, ...changed }
})
const register = (changed: object) => restateDeployment({ restate: { register: changed } })
const job = (env: ReadonlyArray<object>) => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name: "job" },
  spec: {
    schedule: "0 0 * * *",
    timeZone: "Etc/UTC",
    jobTemplate: {
      spec: { template: { metadata: { labels }, spec: { ...pod, containers: [{ ...container, envFrom: [], env }] } } }
    }
  }
})
const settings = (data: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings" },
  data
})

describe("what Kubernetes and restate-operator would refuse", () => {
  const cases: ReadonlyArray<readonly [what: string, object: object, problems: ReadonlyArray<string>]> = [
    ["nothing, in a Deployment", deployment(), []],
    ["nothing, in a RestateDeployment", restateDeployment({ replicas: 3, autoscaling: { maxReplicas: 4 } }), []],
    [
      "a misspelt field deep in a pod",
      withContainer({ readinesProbe: {} }),
      ["/spec/template/spec/containers/0/readinesProbe: unknown"]
    ],
    [
      "a text for a number",
      deployment({ terminationGracePeriodSeconds: "forty" }),
      ["/spec/template/spec/terminationGracePeriodSeconds: must be integer"]
    ],
    [
      "a misspelt field of a RestateDeployment",
      restateDeployment({ minReadySecond: 1 }),
      ["/spec/minReadySecond: unknown"]
    ],
    [
      "a misspelt field in the pod of a RestateDeployment",
      restateDeployment({ template: { metadata: { labels }, spec: { ...pod, hostname_: "a" } } }),
      ["/spec/template/spec/hostname_: unknown"]
    ],
    [
      "metadata that the operator drops",
      restateDeployment({ template: { metadata: { labels, name: "a" }, spec: pod } }),
      ["/spec/template/metadata/name: unknown"]
    ],
    ["a kind that no check knows", { ...settings({}), kind: "Ingress" }, ["v1 Ingress: unknown"]]
  ]
  it.each(cases)("is %s", (_, object, problems) => {
    assert.deepStrictEqual(schemaProblems(kubernetesObject(object)), problems)
  })

  it.each([
    ["no place", {}],
    ["two places", { url: "http://restate:9070", cluster: "restate" }],
    ["a Service without its namespace", { service: { name: "restate" } }],
    ["a port that is none", { service: { name: "restate", namespace: "restate", port: 0 } }]
  ])("is %s to register at", (_, place) => assert.isNotEmpty(schemaProblems(kubernetesObject(register(place)))))
})

describe("a pod that may do more than it needs", () => {
  const cases: ReadonlyArray<readonly [problem: string, object: object]> = [
    ["it has a token for the API server", deployment({ automountServiceAccountToken: true })],
    ["it has a variable for each Service of the namespace", deployment({ enableServiceLinks: undefined })],
    ["it may run as root", deployment({ securityContext: { ...pod.securityContext, runAsNonRoot: false } })],
    [
      "it runs as 1000:65532, the image as 65532:65532",
      deployment({ securityContext: { ...pod.securityContext, runAsUser: 1000 } })
    ],
    [
      "it may use every system call",
      deployment({ securityContext: { ...pod.securityContext, seccompProfile: undefined } })
    ],
    [
      "worker has rights that it does not need",
      withContainer({ securityContext: { ...container.securityContext, readOnlyRootFilesystem: false } })
    ],
    ['worker runs "worker:latest", which names no version', withContainer({ image: "worker:latest" })],
    ['worker runs "worker", which names no version', withContainer({ image: "worker" })],
    ["worker may take all memory", withContainer({ resources: { ...container.resources, limits: {} } })],
    ["worker asks for no memory", withContainer({ resources: { ...container.resources, requests: { cpu: "250m" } } })],
    ["worker asks for no CPU", withContainer({ resources: { ...container.resources, requests: { memory: "512Mi" } } })],
    [
      "worker is throttled",
      withContainer({ resources: { ...container.resources, limits: { memory: "1Gi", cpu: "1" } } })
    ]
  ]
  const problemsOf = (object: object) =>
    podsOf([kubernetesObject(object)]).flatMap((each) => podProblems(each.pod, user))

  it("is not the one that these differ from", () => assert.deepStrictEqual(problemsOf(deployment()), []))
  it.each(cases)("is told: %s", (problem, object) => assert.deepStrictEqual(problemsOf(object), [problem]))
})

describe("settings in manifests", () => {
  const fromSecret = { valueFrom: { secretKeyRef: { name: "ingress", key: "RESTATE_API_KEY" } } }
  const cases: ReadonlyArray<readonly [problem: string, objects: ReadonlyArray<object>]> = [
    ["WORKER_RESTATE_ADMIN_URI is not read by it", [deployment(), settings({ WORKER_RESTATE_ADMIN_URI: "http://a" })]],
    [
      "WORKER_VAULT_TOKEN is a secret, and stands in the manifest",
      [deployment(), settings({ WORKER_VAULT_TOKEN: "t" })]
    ],
    [
      "worker: WORKER_DATABASE_PRIMARY is a secret, and stands in the manifest",
      [withContainer({ env: [{ name: "WORKER_DATABASE_PRIMARY", value: "a" }] }), settings({})]
    ],
    [
      "worker: HTTP_PORT is not read by it",
      [withContainer({ env: [{ name: "HTTP_PORT", value: "1" }] }), settings({})]
    ],
    ["job: RESTATE_API_KEY is a secret, and stands in the manifest", [job([{ name: "RESTATE_API_KEY", value: "k" }])]],
    ["job: RESTATE_INGRESS_URL is not read by it", [job([{ name: "RESTATE_INGRESS_URL", value: "http://a" }])]],
    [
      "job: WORKER_RESTATE_ADMIN_URL is not read by it",
      [job([{ name: "WORKER_RESTATE_ADMIN_URL", value: "http://a" }])]
    ],
    ["there is no ConfigMap settings", [deployment()]],
    ["open is a Secret in the open", [{ apiVersion: "v1", kind: "Secret", metadata: { name: "open" } }]]
  ]
  const problemsOf = (objects: ReadonlyArray<object>) => settingProblems(objects.map(kubernetesObject))

  it("are right where secrets are referred to and everything else is read", () =>
    assert.deepStrictEqual(
      problemsOf([
        withContainer({ env: [{ name: "WORKER_VAULT_TOKEN", ...fromSecret }] }),
        settings({ WORKER_REGION: "eu", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }),
        job([
          { name: "RESTATE_INGRESS", value: "http://restate:8080" },
          { name: "RESTATE_API_KEY", ...fromSecret }
        ])
      ]),
      []
    ))
  it.each(cases)("are told: %s", (problem, objects) => assert.deepStrictEqual(problemsOf(objects), [problem]))
})
