import { unknownFields } from "./unknownFields.ts"

// biome-ignore lint/suspicious/noExplicitAny: rendered YAML has no type before a schema has seen it.
type Rendered = any

/** A class of kubernetes-models. */
interface Model {
  readonly apiVersion: string
  readonly kind: string
  // biome-ignore lint/suspicious/noExplicitAny: each class has a type of its own for its data.
  new (data?: any): { validate(): void }
}

/** From the public definition of restate-operator (crd/restatedeployments.yaml): what may stand beside the template. */
const restateFields = ["minReadySeconds", "replicas", "restate", "revisionHistoryLimit", "selector", "template"]
const places = ["cloud", "cluster", "service", "url"]

const restateProblems = ({ restate, ...spec }: Rendered): ReadonlyArray<string> => [
  ...Object.keys(spec)
    .filter((key) => !restateFields.includes(key))
    .map((key) => `/spec/${key}: unknown`),
  ...(Object.keys(restate?.register ?? {}).filter((key) => places.includes(key)).length === 1 &&
  Object.keys(restate.register).length === 1 &&
  Object.keys(restate).length === 1
    ? []
    : ["/spec/restate/register: exactly one place"])
]

/** What the API server would refuse in strict mode, one line each. The pods of a RestateDeployment are checked as a Deployment's. */
export const schemaProblems = (models: ReadonlyArray<Model>, object: Rendered): ReadonlyArray<string> => {
  if (object.apiVersion === "restate.dev/v1beta1" && object.kind === "RestateDeployment") {
    const { restate: _, ...spec } = object.spec
    return [
      ...restateProblems(object.spec),
      ...schemaProblems(models, { ...object, apiVersion: "apps/v1", kind: "Deployment", spec })
    ]
  }
  const model = models.find(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind)
  if (model === undefined) return [`${object.apiVersion} ${object.kind}: unknown`]
  const problems: Array<string> = []
  const validate = (value: unknown): boolean => {
    try {
      model.prototype.validate.call(value)
      return true
    } catch (error) {
      problems.push(String(error))
      return false
    }
  }
  const unknown = unknownFields(validate, object).map((path) => `${path}: unknown`)
  return [...problems, ...unknown]
}
