import { readFileSync } from "node:fs"
import protobuf from "protobufjs"
import type { ExportTraceServiceRequest } from "./Otlp.ts"

const source = readFileSync(new URL("./otlp.proto", import.meta.url), "utf8")
const request = protobuf.parse(source).root.lookupType("ExportTraceServiceRequest")

const identifiers = new Set(["traceId", "spanId", "parentSpanId"])

/** Ids are hexadecimal in OTLP's JSON; other bytes are base64, as protobuf's JSON has them. */
const inJson = (key: string, value: unknown): unknown => {
  if (!(value instanceof Uint8Array)) return value
  return Buffer.from(value).toString(identifiers.has(key) ? "hex" : "base64")
}

const encodeBytes = (key: string, value: unknown): unknown => {
  const own = inJson(key, value)
  if (Array.isArray(own)) return own.map((item: unknown) => encodeBytes("", item))
  if (typeof own !== "object" || own === null) return own
  return Object.fromEntries(Object.entries(own).map(([name, item]) => [name, encodeBytes(name, item)]))
}

/**
 * An OTLP export request in protobuf, the one encoding that Restate and the worker share, as OTLP/JSON. Unknown fields
 * are left out. Throws on bytes that are no such message.
 */
export const readExport = (body: Uint8Array): ExportTraceServiceRequest => {
  const plain = request.toObject(request.decode(body), { longs: String, arrays: false })
  // The shape is the message's: protobufjs has checked every field's type against otlp.proto.
  return { resourceSpans: [], ...(encodeBytes("", plain) as Partial<ExportTraceServiceRequest>) }
}
