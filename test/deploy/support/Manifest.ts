import { Schema } from "effect"

// Of each kind only what a test asks for; that there is nothing else which Kubernetes does not know is schemaProblems' to say.

const Texts = Schema.Record({ key: Schema.String, value: Schema.String })
const Metadata = Schema.Struct({
  name: Schema.String,
  namespace: Schema.optional(Schema.String),
  labels: Schema.optionalWith(Texts, { default: () => ({}) })
})
const Selector = Schema.Struct({ matchLabels: Texts })
const listOf = <A, I>(item: Schema.Schema<A, I>) => Schema.optionalWith(Schema.Array(item), { default: () => [] })

const Variable = Schema.Struct({
  name: Schema.String,
  value: Schema.optional(Schema.String),
  valueFrom: Schema.optional(
    Schema.Struct({ secretKeyRef: Schema.optional(Schema.Struct({ name: Schema.String, key: Schema.String })) })
  )
})
const Probe = Schema.Struct({ httpGet: Schema.Struct({ path: Schema.String, port: Schema.String }) })

const Container = Schema.Struct({
  name: Schema.String,
  image: Schema.String,
  args: listOf(Schema.String),
  env: listOf(Variable),
  envFrom: listOf(
    Schema.Struct({
      configMapRef: Schema.optional(Schema.Struct({ name: Schema.String })),
      secretRef: Schema.optional(Schema.Struct({ name: Schema.String }))
    })
  ),
  ports: listOf(Schema.Struct({ name: Schema.String, containerPort: Schema.Number })),
  resources: Schema.optionalWith(
    Schema.Struct({
      requests: Schema.optionalWith(Texts, { default: () => ({}) }),
      limits: Schema.optionalWith(Texts, { default: () => ({}) })
    }),
    { default: () => ({ requests: {}, limits: {} }) }
  ),
  securityContext: Schema.optional(Schema.Unknown),
  startupProbe: Schema.optional(Probe),
  readinessProbe: Schema.optional(Probe),
  livenessProbe: Schema.optional(Probe),
  lifecycle: Schema.optional(
    Schema.Struct({ preStop: Schema.Struct({ sleep: Schema.Struct({ seconds: Schema.Number }) }) })
  ),
  volumeMounts: listOf(
    Schema.Struct({
      name: Schema.String,
      mountPath: Schema.String,
      readOnly: Schema.optionalWith(Schema.Boolean, { default: () => false })
    })
  )
})
export type Container = typeof Container.Type

const Pod = Schema.Struct({
  metadata: Schema.Struct({ labels: Texts }),
  spec: Schema.Struct({
    containers: Schema.Array(Container).pipe(Schema.itemsCount(1)),
    automountServiceAccountToken: Schema.optional(Schema.Boolean),
    enableServiceLinks: Schema.optional(Schema.Boolean),
    terminationGracePeriodSeconds: Schema.optional(Schema.Number),
    securityContext: Schema.optionalWith(
      Schema.Struct({
        runAsNonRoot: Schema.optional(Schema.Boolean),
        runAsUser: Schema.optional(Schema.Number),
        runAsGroup: Schema.optional(Schema.Number),
        seccompProfile: Schema.optional(Schema.Struct({ type: Schema.String }))
      }),
      { default: () => ({}) }
    ),
    volumes: listOf(
      Schema.Struct({
        name: Schema.String,
        projected: Schema.optional(
          Schema.Struct({
            sources: Schema.Array(
              Schema.Struct({
                serviceAccountToken: Schema.optional(
                  Schema.Struct({
                    audience: Schema.String,
                    expirationSeconds: Schema.Number,
                    path: Schema.String
                  })
                )
              })
            )
          })
        )
      })
    )
  })
})
export type Pod = typeof Pod.Type

/** Any object, as it was rendered. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: typeof Metadata.Type
  readonly source: object
}

const Head = Schema.Struct({ apiVersion: Schema.String, kind: Schema.String, metadata: Metadata })
const Source = Schema.declare((value: unknown): value is object => typeof value === "object" && value !== null)

/** Throws for what is no object of Kubernetes at all. */
export const kubernetesObject = (document: unknown): KubernetesObject => {
  const source = Schema.decodeUnknownSync(Source)(document)
  return { ...Schema.decodeUnknownSync(Head)(source), source }
}

const finder =
  <A, I>(kinds: ReadonlyArray<string>, schema: Schema.Schema<A, I>) =>
  (objects: ReadonlyArray<KubernetesObject>): ReadonlyArray<A> =>
    objects.filter(({ kind }) => kinds.includes(kind)).map(({ source }) => Schema.decodeUnknownSync(schema)(source))

/** Both kinds that run the worker; a Deployment is one version, a RestateDeployment all of them. */
export const workloadsOf = finder(
  ["Deployment", "RestateDeployment"],
  Schema.Struct({
    kind: Schema.String,
    metadata: Metadata,
    spec: Schema.Struct({ replicas: Schema.optional(Schema.Number), selector: Selector, template: Pod })
  })
)

export const cronJobsOf = finder(
  ["CronJob"],
  Schema.Struct({
    metadata: Metadata,
    spec: Schema.Struct({
      schedule: Schema.String,
      timeZone: Schema.String,
      jobTemplate: Schema.Struct({ spec: Schema.Struct({ template: Pod }) })
    })
  })
)

export const jobsOf = finder(["Job"], Schema.Struct({ metadata: Metadata, spec: Schema.Struct({ template: Pod }) }))

export const configMapsOf = finder(["ConfigMap"], Schema.Struct({ metadata: Metadata, data: Texts }))

export const servicesOf = finder(
  ["Service"],
  Schema.Struct({
    metadata: Metadata,
    spec: Schema.Struct({
      selector: Texts,
      clusterIP: Schema.optional(Schema.String),
      publishNotReadyAddresses: Schema.optionalWith(Schema.Boolean, { default: () => false }),
      ports: Schema.Array(
        Schema.Struct({
          name: Schema.String,
          port: Schema.Number,
          targetPort: Schema.Union(Schema.String, Schema.Number)
        })
      )
    })
  })
)

export const disruptionBudgetsOf = finder(
  ["PodDisruptionBudget"],
  Schema.Struct({ metadata: Metadata, spec: Schema.Struct({ selector: Selector }) })
)

const PodLabels = { matchLabels: Schema.optionalWith(Texts, { default: () => ({}) }) }
const LabelIn = Schema.Struct({
  key: Schema.String,
  operator: Schema.Literal("In"),
  values: Schema.Array(Schema.String)
})
const IpBlock = Schema.Struct({ cidr: Schema.String, except: listOf(Schema.String) })

export const networkPoliciesOf = finder(
  ["NetworkPolicy"],
  Schema.Struct({
    metadata: Metadata,
    spec: Schema.Struct({
      podSelector: Schema.Struct({ ...PodLabels, matchExpressions: listOf(LabelIn) }),
      policyTypes: Schema.Array(Schema.Literal("Ingress", "Egress")),
      ingress: listOf(Schema.Struct({ ports: Schema.Array(Schema.Struct({ port: Schema.String })) })),
      egress: listOf(
        Schema.Struct({
          to: Schema.Array(Schema.Struct({ ipBlock: Schema.optional(IpBlock) })),
          ports: listOf(Schema.Struct({ port: Schema.Number }))
        })
      )
    })
  })
)
export type NetworkPolicy = ReturnType<typeof networkPoliciesOf>[number]

export const serviceMonitorsOf = finder(
  ["ServiceMonitor"],
  Schema.Struct({
    metadata: Metadata,
    spec: Schema.Struct({
      selector: Selector,
      endpoints: Schema.Array(Schema.Struct({ port: Schema.String, path: Schema.String }))
    })
  })
)

export const autoscalersOf = finder(
  ["HorizontalPodAutoscaler"],
  Schema.Struct({
    metadata: Metadata,
    spec: Schema.Struct({
      scaleTargetRef: Schema.Struct({ apiVersion: Schema.String, kind: Schema.String, name: Schema.String })
    })
  })
)

/** The pods that these objects make, with what makes them. */
export const podsOf = (
  objects: ReadonlyArray<KubernetesObject>
): ReadonlyArray<{ readonly owner: string; readonly pod: Pod }> => [
  ...workloadsOf(objects).map(({ metadata, spec }) => ({ owner: metadata.name, pod: spec.template })),
  ...jobsOf(objects).map(({ metadata, spec }) => ({ owner: metadata.name, pod: spec.template })),
  ...cronJobsOf(objects).map(({ metadata, spec }) => ({ owner: metadata.name, pod: spec.jobTemplate.spec.template }))
]

export const selects = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>
): boolean => Object.entries(selector).every(([key, value]) => labels[key] === value)

/** Whether the policy is about a pod with these labels. */
export const isAbout = ({ spec: { podSelector } }: NetworkPolicy, labels: Readonly<Record<string, string>>): boolean =>
  selects(podSelector.matchLabels, labels) &&
  podSelector.matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ""))
