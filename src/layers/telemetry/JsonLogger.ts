import {
  Array as Arr,
  Cause,
  Context,
  Either,
  FiberId,
  FiberRef,
  FiberRefs,
  HashMap,
  Inspectable,
  Logger,
  Option,
  Tracer
} from "effect"
import { shortened } from "../../text/codePoints.ts"

// Fits a stack trace with its causes, and the line limit of common log collectors (16 KiB).
const maxText = 8_192
const maxDepth = 6
const maxEntries = 100

const bounded = (text: string): string => shortened(text, maxText)

type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

const errorJson = (error: Error): Json => ({ name: error.name, message: bounded(error.message) })

/** Any value as JSON. Limits depth, width and text, cuts cycles, and writes a secret as its own toJSON does. */
const toJson = (value: unknown, ancestors: ReadonlyArray<object> = []): Json => {
  if (value === null || value === undefined) return null
  if (typeof value === "string") return bounded(value)
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return value
  if (typeof value !== "object") return String(value)
  if (ancestors.includes(value)) return "<circular>"
  if (ancestors.length >= maxDepth) return "<too deep>"
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Error) return errorJson(value)
  const path = [...ancestors, value]
  if (value instanceof Map) return [...value].slice(0, maxEntries).map((entry) => toJson(entry, path))
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, maxEntries).map((element) => toJson(element, path))
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return toJson(Inspectable.toJSON(value), path)
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, maxEntries)
      .map(([key, child]) => [key, toJson(child, path)])
  )
}

/** The strings of a log call form its message; other values go to `details`. */
const splitMessage = (message: unknown) => {
  const [details, texts] = Arr.partition(Arr.ensure(message), (part) => typeof part === "string")
  return {
    message: bounded(texts.join(" ")),
    ...(details.length === 0 ? {} : { details: toJson(details.length === 1 ? details[0] : details) })
  }
}

const spanOf = (refs: FiberRefs.FiberRefs): { readonly trace_id?: string; readonly span_id?: string } =>
  Option.match(Context.getOption(FiberRefs.getOrDefault(refs, FiberRef.currentContext), Tracer.ParentSpan), {
    onNone: () => ({}),
    onSome: (span) => ({ trace_id: span.traceId, span_id: span.spanId })
  })

const describeLog = (options: Logger.Logger.Options<unknown>): Json => {
  const own = {
    timestamp: options.date.toISOString(),
    level: options.logLevel.label.toLowerCase(),
    ...splitMessage(options.message),
    ...spanOf(options.context),
    fiber: FiberId.threadName(options.fiberId),
    ...(Cause.isEmpty(options.cause) ? {} : { cause: bounded(Cause.pretty(options.cause, { renderErrorCause: true })) })
  }
  // An annotation never replaces a field of the line itself.
  const annotations = Arr.map([...HashMap.entries(options.annotations)], ([key, value]) => [
    key in own ? `annotation.${key}` : key,
    toJson(value)
  ])
  return { ...own, ...Object.fromEntries(annotations) }
}

/**
 * One JSON line per log entry: timestamp, level, message, the fiber's annotations (invocation, service, handler, step, ...) and
 * the current span. Never fails: a value that cannot be serialized loses its details, not the line.
 */
export const jsonLogger: Logger.Logger<unknown, string> = Logger.make((options) =>
  Either.getOrElse(
    Either.try(() => JSON.stringify(describeLog(options))),
    () =>
      JSON.stringify({
        timestamp: options.date.toISOString(),
        level: options.logLevel.label.toLowerCase(),
        message: "A log entry could not be written as JSON"
      })
  )
)
