import { Schema } from "effect"

const maybe = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const Count = Schema.Int.pipe(Schema.between(0, 2 ** 31 - 1))
const Seconds = Schema.Int.pipe(Schema.nonNegative())
const Texts = Schema.Record({ key: Schema.String, value: Schema.String })

const AdminService = Schema.Struct({
  name: Schema.String,
  namespace: Schema.String,
  path: maybe(Schema.String),
  port: maybe(Schema.Int.pipe(Schema.between(1, 65535)))
})

/** Exactly one place: none of these has the field of another. */
const Register = Schema.Union(
  Schema.Struct({ service: AdminService }),
  Schema.Struct({ cluster: Schema.String }),
  Schema.Struct({ cloud: Schema.String }),
  Schema.Struct({ url: Schema.String })
)

const Restate = Schema.Struct({
  register: Register,
  servicePath: maybe(Schema.String),
  useHttp11: maybe(Schema.Boolean),
  drainDelaySeconds: maybe(Seconds),
  // Both since 3.1.
  deletePolicy: maybe(Schema.Literal("drain", "force")),
  drain: maybe(
    Schema.Struct({
      timeoutSeconds: maybe(Seconds),
      onTimeout: maybe(Schema.Literal("hold", "force"))
    })
  )
})

/** The template's metadata keeps labels and annotations only; its pod is handed on as it is, unchecked by the operator. */
const Template = Schema.Struct({
  metadata: maybe(Schema.Struct({ labels: maybe(Texts), annotations: maybe(Texts) })),
  spec: Schema.Unknown
})

/**
 * What restate-operator's definition of RestateDeployment (restate.dev/v1beta1) accepts in ReplicaSet mode, field by field, told in
 * our own words: `crd/restatedeployments.yaml` of github.com/restatedev/restate-operator (MIT, says its Cargo.toml) at commit
 * 94509e873a8ece8ae2d718eae0507a0e5f718926, which is in release 3.1.0. Its text is not repeated here. Of the fields for Knative and
 * for tunnels, which are not used, only the one that tells the modes apart is there, and a field that may be null is there or not.
 */
export const RestateDeployment = Schema.Struct({
  apiVersion: Schema.Literal("restate.dev/v1beta1"),
  kind: Schema.Literal("RestateDeployment"),
  metadata: Schema.Unknown,
  spec: Schema.Struct({
    deploymentMode: maybe(Schema.Literal("replicaset")),
    replicas: maybe(Count),
    minReadySeconds: maybe(Count),
    revisionHistoryLimit: maybe(Count),
    restate: Restate,
    selector: Schema.Struct({
      matchLabels: maybe(Texts),
      matchExpressions: maybe(Schema.Array(Schema.Unknown))
    }),
    template: Template,
    // Since 2.6: what a HorizontalPodAutoscaler has in its spec, without `scaleTargetRef`, which the operator fills in.
    autoscaling: maybe(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
  })
})
