import { Option, Schema } from "effect"
import type { KubernetesObject } from "./Manifest.ts"

const isRecord = Schema.is(Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** Only Helm's: what names the release and the chart, and what restarts pods, for which kustomize hashes a name. */
const ofHelm = /^(app\.kubernetes\.io\/managed-by|helm\.sh\/chart|checksum\/(config|secret))$/

/** A name that kustomize has made of a ConfigMap's content. */
const withoutHash = (name: string): string => name.replace(/^(control-plane-worker(?:-v\d+)?)-[a-z0-9]{10}$/, "$1")

const decodeJson = Schema.decodeUnknownOption(Schema.parseJson())

/** A file in JSON is the same whatever its line breaks are. */
const text = (value: string): unknown => Option.getOrElse(decodeJson(value), () => withoutHash(value))

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "string") return text(value)
  if (!isRecord(value)) return value
  const kept = Object.entries(value)
    .filter(([key]) => !ofHelm.test(key))
    .map(([key, child]) => [key, plain(child)] as const)
    // Without the checksums nothing may be left.
    .filter(([key, child]) => key !== "annotations" || !isRecord(child) || Object.keys(child).length > 0)
  return Object.fromEntries(kept)
}

const withoutNamespace = (source: unknown) => {
  if (!isRecord(source) || !isRecord(source.metadata)) return source
  const { namespace: _, ...metadata } = source.metadata
  return { ...source, metadata }
}

/** Objects by kind and name, without what differs between kustomize and Helm by their nature. */
export const comparable = (objects: ReadonlyArray<KubernetesObject>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    objects
      .map(
        ({ kind, metadata, source }) =>
          [`${kind}/${withoutHash(metadata.name)}`, plain(withoutNamespace(source))] as const
      )
      .sort(([one], [other]) => (one < other ? -1 : 1))
  )
