import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule"
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor"
import { Either, ParseResult, Schema } from "effect"
import { Deployment } from "kubernetes-models/apps/v1/Deployment"
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler"
import { CronJob } from "kubernetes-models/batch/v1/CronJob"
import { Job } from "kubernetes-models/batch/v1/Job"
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy"
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget"
import { ConfigMap } from "kubernetes-models/v1/ConfigMap"
import { Service } from "kubernetes-models/v1/Service"
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount"
import type { KubernetesObject } from "./Manifest.ts"
import { RestateDeployment } from "./RestateDeployment.ts"
import { unknownFields } from "./unknownFields.ts"

/** A class of kubernetes-models. Its schema is that of Kubernetes, and is checked by `validate`, which throws. */
interface Model {
  readonly apiVersion: string
  readonly kind: string
  readonly prototype: { validate(): void }
}

const models: ReadonlyArray<Model> = [
  Deployment,
  HorizontalPodAutoscaler,
  CronJob,
  Job,
  NetworkPolicy,
  PodDisruptionBudget,
  ConfigMap,
  Service,
  ServiceAccount,
  ServiceMonitor,
  PrometheusRule
]

/** What `validate` throws about an object that is not as its schema wants it. */
const Refusal = Schema.Struct({
  errors: Schema.Array(Schema.Struct({ instancePath: Schema.String, message: Schema.optional(Schema.String) }))
})
const isRefusal = Schema.is(Refusal)

/** Anything else that is thrown is a mistake of the test itself. */
const refusals = (model: Model, object: object): ReadonlyArray<string> => {
  try {
    model.prototype.validate.call(object)
    return []
  } catch (error) {
    if (!isRefusal(error)) throw error
    return error.errors.map(({ instancePath, message = "is refused" }) => `${instancePath}: ${message}`)
  }
}

const modelProblems = (model: Model, object: object): ReadonlyArray<string> => [
  ...refusals(model, object),
  ...unknownFields((watched) => void refusals(model, watched), object).map((path) => `${path}: unknown`)
]

const decodeStrictly = Schema.decodeUnknownEither(RestateDeployment, { errors: "all", onExcessProperty: "error" })

/** The pods are checked as a Deployment's: the operator hands them on to a ReplicaSet. */
const restateDeploymentProblems = (object: object): ReadonlyArray<string> => {
  const decoded = decodeStrictly(object)
  if (Either.isLeft(decoded))
    return ParseResult.ArrayFormatter.formatErrorSync(decoded.left).map(
      ({ _tag, message, path }) => `/${path.join("/")}: ${_tag === "Unexpected" ? "unknown" : message}`
    )
  const { selector, template } = decoded.right.spec
  return modelProblems(Deployment, {
    ...object,
    apiVersion: Deployment.apiVersion,
    kind: Deployment.kind,
    spec: { selector, template }
  })
}

/** What the API server would refuse in strict mode, one line each. */
export const schemaProblems = ({ apiVersion, kind, source }: KubernetesObject): ReadonlyArray<string> => {
  if (apiVersion === "restate.dev/v1beta1" && kind === "RestateDeployment") return restateDeploymentProblems(source)
  const model = models.find((each) => each.apiVersion === apiVersion && each.kind === kind)
  return model === undefined ? [`${apiVersion} ${kind}: unknown`] : modelProblems(model, source)
}
