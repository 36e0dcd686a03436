import { schedules } from "../../src/contract/schedules.ts"
import { type Edit, edited } from "./Edit.ts"

/** A template of the chart that is written from one manifest of deploy/kubernetes. */
export interface Template {
  /** Below deploy/kubernetes. */
  readonly source: string
  /** Below the chart's `templates`. */
  readonly name: string
  /** When the objects are there, as a condition of the template language. */
  readonly when: string
  readonly edits: ReadonlyArray<Edit>
}

const named = (helper: string) => `{{ include "control-plane-worker.${helper}" . }}`

/** The labels of each object's own metadata, of which a file has as many as objects. */
const labels = (times: number): Edit => ({
  find: /^ {2}labels:$/gm,
  by: '  labels:\n    {{- include "control-plane-worker.labels" . | nindent 4 }}',
  times
})

const image: (times: number) => Edit = (times) => ({
  find: /^( +)image: control-plane-worker$/gm,
  by: `$1image: ${named("image")}`,
  times
})

/** Lists and maps of values that are left out when they are empty. */
const optionalValues = (indent: number, ...names: ReadonlyArray<readonly [field: string, value: string]>): string => {
  const space = " ".repeat(indent)
  return names
    .map(
      ([field, value]) =>
        `${space}{{- with .Values.${value} }}\n${space}${field}:\n${space}  {{- toYaml . | nindent ${indent + 2} }}\n${space}{{- end }}\n`
    )
    .join("")
}

const furtherItems = (indent: number, value: string): string => {
  const space = " ".repeat(indent)
  return `${space}{{- with .Values.${value} }}\n${space}{{- toYaml . | nindent ${indent} }}\n${space}{{- end }}\n`
}

/** Where pods run and how their images are pulled, before the containers of each pod. */
const placement = (indent: number, times: number): Edit => {
  const space = " ".repeat(indent)
  const lists = ["imagePullSecrets", "nodeSelector", "tolerations"].map((name) => [name, name] as const)
  const priority = `${space}{{- with .Values.priorityClassName }}\n${space}priorityClassName: {{ . }}\n${space}{{- end }}\n`
  return {
    find: new RegExp(`^${space}containers:$`, "gm"),
    by: `${optionalValues(indent, ...lists)}${priority}$&`,
    times
  }
}

const workloadName: Edit = {
  find: /^ {2}name: control-plane-worker$/gm,
  by: `  name: ${named("fullname")}`,
  times: 1
}

/** Selectors and pods of one version carry its label too. */
const instance = (indents: ReadonlyArray<number>): ReadonlyArray<Edit> =>
  [...new Set(indents)].map((indent) => ({
    find: new RegExp(`^ {${indent}}app\\.kubernetes\\.io/name: control-plane-worker$`, "gm"),
    by: `$&\n${" ".repeat(indent)}app.kubernetes.io/instance: ${named("fullname")}`,
    times: indents.filter((each) => each === indent).length
  }))

/** What a Deployment and a RestateDeployment have in common. */
const workload: ReadonlyArray<Edit> = [
  workloadName,
  labels(1),
  {
    find: /^ {2}replicas: 1$/gm,
    by: '  {{- if not (kindIs "invalid" .Values.replicas) }}\n  replicas: {{ .Values.replicas }}\n  {{- end }}',
    times: 1
  },
  {
    find: /^ {4}metadata:\n {6}labels:$/gm,
    by: '    metadata:\n      annotations:\n        {{- include "control-plane-worker.podAnnotations" . | nindent 8 }}\n      labels:',
    times: 1
  },
  {
    find: /^( +# A RestateCluster of the name )`restate`(.*\n +allow\.restate\.dev\/)restate:/gm,
    by: "$1`{{ .Values.restate.cluster }}`$2{{ .Values.restate.cluster }}:",
    times: 1
  },
  placement(6, 1),
  image(1),
  {
    find: /^( +- configMapRef:\n +name: )control-plane-worker\n( +- secretRef:\n +name: )control-plane-worker\n/gm,
    by: `$1${named("fullname")}\n$2{{ .Values.existingSecret }}\n${furtherItems(12, "extraEnvFrom")}`,
    times: 1
  },
  {
    find: /^ +fieldPath: metadata\.namespace\n/gm,
    by: `$&${furtherItems(12, "extraEnv")}`,
    times: 1
  },
  {
    find: /^ {10}resources:\n(?: {12}.*\n)+/gm,
    by: "          resources:\n            {{- toYaml .Values.resources | nindent 12 }}\n",
    times: 1
  },
  ...[
    [
      "          volumeMounts:\n            - name: tmp\n              mountPath: /tmp\n",
      12,
      "extraVolumeMounts"
    ] as const,
    ["        - name: tmp\n          emptyDir:\n            sizeLimit: 256Mi\n", 8, "extraVolumes"] as const
  ].map(([lines, indent, value]) => ({
    find: new RegExp(`^${lines}`, "gm"),
    by: `$&${furtherItems(indent, value)}`,
    times: 1
  }))
]

/** Every manifest that the chart has as a template of its own. */
export const templates: ReadonlyArray<Template> = [
  {
    source: "deployment/deployment.yaml",
    name: "deployment.yaml",
    when: "and .Values.worker.enabled (not .Values.restate.operator)",
    edits: [...workload, ...instance([4, 6, 8, 14, 14])]
  },
  {
    source: "deployment/service.yaml",
    name: "service.yaml",
    when: "and .Values.worker.enabled (not .Values.restate.operator)",
    edits: [workloadName, labels(1), ...instance([4, 4])]
  },
  {
    source: "restatedeployment/restatedeployment.yaml",
    name: "restatedeployment.yaml",
    when: "and .Values.worker.enabled .Values.restate.operator",
    edits: [
      ...workload,
      {
        find: /^ {6}service:\n(?: {8}.*\n)+/gm,
        by: "      {{- with .Values.restate.register }}\n      {{- toYaml . | nindent 6 }}\n      {{- else }}\n$&      {{- end }}\n",
        times: 1
      }
    ]
  },
  {
    source: "base/serviceaccount.yaml",
    name: "serviceaccount.yaml",
    when: ".Values.shared.enabled",
    edits: [labels(1)]
  },
  {
    source: "base/metrics-service.yaml",
    name: "metrics-service.yaml",
    when: ".Values.shared.enabled",
    edits: [labels(1)]
  },
  {
    source: "base/poddisruptionbudget.yaml",
    name: "poddisruptionbudget.yaml",
    when: ".Values.shared.enabled",
    edits: [labels(1)]
  },
  {
    source: "base/networkpolicy.yaml",
    name: "networkpolicy.yaml",
    when: "and .Values.shared.enabled .Values.networkPolicy.enabled",
    edits: [
      labels(3),
      {
        find: /^( +kubernetes\.io\/metadata\.name: )restate$/gm,
        by: "$1{{ .Values.networkPolicy.restateNamespace }}",
        times: 1
      },
      {
        find: /^( +kubernetes\.io\/metadata\.name: )monitoring$/gm,
        by: "$1{{ .Values.networkPolicy.monitoringNamespace }}",
        times: 1
      }
    ]
  },
  {
    source: "base/cronjobs.yaml",
    name: "cronjobs.yaml",
    when: "and .Values.shared.enabled .Values.schedules.enabled",
    edits: [
      labels(schedules.length),
      image(schedules.length),
      placement(10, schedules.length),
      {
        find: /^( +value: )http:\/\/restate\.restate:8080$/gm,
        by: "$1{{ .Values.restate.ingressUrl | quote }}",
        times: schedules.length
      },
      {
        find: /^( +name: )control-plane-worker-ingress$/gm,
        by: "$1{{ .Values.restate.ingressSecret }}",
        times: schedules.length
      }
    ]
  },
  {
    source: "components/monitoring/servicemonitor.yaml",
    name: "servicemonitor.yaml",
    when: "and .Values.shared.enabled .Values.metrics.serviceMonitor",
    edits: [labels(1), { find: /^spec:$/gm, by: `${furtherItems(4, "metrics.labels")}$&`, times: 1 }]
  },
  {
    source: "components/console/console-service.yaml",
    name: "console-service.yaml",
    when: "and .Values.shared.enabled .Values.console.enabled",
    edits: [labels(1)]
  },
  {
    source: "components/console/console-networkpolicy.yaml",
    name: "console-networkpolicy.yaml",
    when: "and .Values.shared.enabled .Values.console.enabled .Values.networkPolicy.enabled",
    edits: [
      labels(1),
      {
        find: /^( +kubernetes\.io\/metadata\.name: )ingress-nginx$/gm,
        by: "$1{{ .Values.console.ingressNamespace }}",
        times: 1
      }
    ]
  }
]

/** The template's text, from its manifest's. */
export const renderTemplate = ({ edits, name, source, when }: Template, manifest: string): string => {
  const body = edited(source, manifest.replace(/^# Written by .*\n/, ""), edits)
  return `{{- /* Written by \`npm run manifests\` from deploy/kubernetes/${source}: ${name} is not edited by hand. */}}\n{{- if ${when} }}\n${body}{{- end }}\n`
}
