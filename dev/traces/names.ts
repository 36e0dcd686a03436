import { attribute, type Span } from "./Span.ts"

/**
 * What a span is about. Restate makes `marker` (a point in time around an invocation), `invocation` (from the request to the
 * first attempt) and `attempt`; the worker makes `handler` (its part of an attempt), `step` and what runs within one.
 */
export type SpanKind = "marker" | "invocation" | "attempt" | "handler" | "statement" | "work"

const restateName = /^(ingress|invocation-start|invocation-attempt|invocation-end) (.+)$/

const kinds: Readonly<Record<string, SpanKind>> = {
  ingress: "marker",
  "invocation-end": "marker",
  "invocation-start": "invocation",
  "invocation-attempt": "attempt"
}

export const kindOf = (span: Span): SpanKind => {
  const restate = kinds[restateName.exec(span.name)?.[1] ?? ""]
  if (restate !== undefined) return restate
  if (attribute(span.attributes, "restate.invocation.id") !== undefined) return "handler"
  return span.name.startsWith("sql.") ? "statement" : "work"
}

/** `hydra.v1.DeployService/{key}/Deploy` without what is the same on every line. */
const shorten = (target: string): string => target.replace("/{key}/", "/").replace(/^[a-z0-9_.]+\.v\d+\./, "")

/** The Restate service that a span of Restate or a handler belongs to; undefined for everything else. */
export const serviceOf = (span: Span): string | undefined => {
  const kind = kindOf(span)
  if (kind === "statement" || kind === "work") return undefined
  return shorten(restateName.exec(span.name)?.[2] ?? span.name).split("/")[0]
}

/** The object's key, as the handler or Restate's `service/key/method` names it. */
export const keyOf = (span: Span): string => {
  const told = attribute(span.attributes, "restate.invocation.key")
  if (told !== undefined) return told
  return /^[^/]+\/(.+)\/[^/]+$/.exec(attribute(span.attributes, "restate.invocation.target") ?? "")?.[1] ?? ""
}

/** A name to read. A statement is named by its text. */
export const labelOf = (span: Span): string => {
  const text = attribute(span.attributes, "db.query.text")
  if (text !== undefined && kindOf(span) === "statement") return text.trim().replaceAll(/\s+/g, " ")
  const [, role, target] = restateName.exec(span.name) ?? []
  if (role === undefined || target === undefined) return shorten(span.name)
  if (role === "invocation-start") return shorten(target)
  return `${role.replace("invocation-", "")} ${shorten(target)}`
}
