import { type NativeType, type Setting, settingsByPath } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"

type JsonSchema = { readonly [keyword: string]: unknown }

/** The chart sets these itself: they have to agree with ports, Services and names of its objects. */
export const settingsOfTheChart: ReadonlySet<string> = new Set([
  "console.host",
  "console.port",
  "instance_id",
  "observability.metrics.prometheus_port",
  "restate.admin_url",
  "restate.http_port",
  "restate.ingress_url",
  "restate.register_as"
])

const text: JsonSchema = { type: "string" }
const flag: JsonSchema = { type: "boolean" }
const anyMap: JsonSchema = { type: "object" }
const anyList: JsonSchema = { type: "array", items: { type: "object" } }
const texts: JsonSchema = { type: "object", additionalProperties: { type: "string" } }
/** RFC 1123, section 2.1, as Kubernetes restricts names. */
const name: JsonSchema = { type: "string", pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength: 63 }
const httpAddress: JsonSchema = { type: "string", pattern: "^https?://" }

const exactly = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: "object",
  additionalProperties: false,
  properties
})

const ofNativeType: Readonly<Record<NativeType, JsonSchema>> = {
  string: text,
  number: { type: "number" },
  boolean: flag,
  list: { type: "array", items: text }
}

type Branch = Map<string, Branch | JsonSchema>

const grown = (tree: Branch, [path, { kind, meaning }]: readonly [string, Setting<unknown>]): Branch => {
  const parts = path.split(".")
  const branch = parts.slice(0, -1).reduce((at, part) => {
    const next = at.get(part)
    if (next instanceof Map) return next
    const added: Branch = new Map()
    at.set(part, added)
    return added
  }, tree)
  branch.set(parts.at(-1) ?? path, { ...ofNativeType[kind.native], description: meaning })
  return tree
}

const schemaOf = (branch: Branch): JsonSchema =>
  exactly(
    Object.fromEntries(Array.from(branch, ([key, child]) => [key, child instanceof Map ? schemaOf(child) : child]))
  )

/** The settings under their names in the file. Secrets are refused: a value of a chart is readable by everyone who sees the release. */
const config = (): JsonSchema => {
  const own = [...settingsByPath(settings)].filter(
    ([path, { isIgnored, kind }]) => kind.isSecret !== true && isIgnored !== true && !settingsOfTheChart.has(path)
  )
  return schemaOf(own.reduce(grown, new Map()))
}

/** values.schema.json of the chart. An unknown name is refused everywhere, except in what is handed to Kubernetes as it is. */
export const valuesSchema = (): JsonSchema => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  $comment: "Written by `npm run manifests` from dev/manifests/valuesSchema.ts.",
  ...exactly({
    // Helm gives it to every chart that is used as a dependency.
    global: anyMap,
    image: exactly({ repository: text, tag: text }),
    imagePullSecrets: anyList,
    version: name,
    worker: exactly({ enabled: flag }),
    shared: exactly({ enabled: flag }),
    replicas: { type: "integer", minimum: 0 },
    resources: anyMap,
    existingSecret: { ...name, maxLength: 253 },
    config: config(),
    extraEnv: anyList,
    extraEnvFrom: anyList,
    extraVolumes: anyList,
    extraVolumeMounts: anyList,
    podAnnotations: texts,
    nodeSelector: texts,
    tolerations: anyList,
    priorityClassName: text,
    restate: exactly({
      adminUrl: httpAddress,
      ingressUrl: httpAddress,
      ingressSecret: { ...name, maxLength: 253 },
      cluster: name,
      operator: flag,
      register: anyMap
    }),
    registerAfterInstall: exactly({ enabled: flag }),
    drainBeforeDelete: exactly({ enabled: flag, timeout: { type: "string", pattern: "^[0-9]+[smh]$" } }),
    schedules: exactly({ enabled: flag }),
    networkPolicy: exactly({ enabled: flag, restateNamespace: name, monitoringNamespace: name }),
    console: exactly({ enabled: flag, ingressNamespace: name }),
    metrics: exactly({
      serviceMonitor: flag,
      rules: flag,
      dashboard: flag,
      runbooksUrl: text,
      grafanaUrl: { type: "string", pattern: "^(https?://.*[^/])?$" },
      consoleUrl: text,
      labels: texts
    })
  })
})
