import {
  Clock,
  type Console,
  Context,
  Effect,
  FiberRef,
  FiberRefs,
  HashMap,
  Logger,
  Option,
  Runtime,
  Tracer
} from "effect"
import { Durable, InsideStep } from "../operations/Durable.ts"
import { type Attempt, drainingAttempt } from "./Attempt.ts"

const noSpanId = "0000000000000000"
const noTraceId = "00000000000000000000000000000000"

/** Stands in for a span that an earlier attempt has emitted. It carries its parent's ids, so live children attach to the nearest real span. */
const replayedSpan = (
  name: string,
  parent: Option.Option<Tracer.AnySpan>,
  context: Context.Context<never>,
  links: ReadonlyArray<Tracer.SpanLink>,
  startTime: bigint,
  kind: Tracer.SpanKind
): Tracer.Span => {
  const real = Option.getOrUndefined(parent)
  const ignore = () => {}
  return {
    _tag: "Span",
    name,
    parent,
    context,
    kind,
    links,
    sampled: false,
    attributes: new Map(),
    spanId: real?.spanId ?? noSpanId,
    traceId: real?.traceId ?? noTraceId,
    status: { _tag: "Started", startTime },
    end: ignore,
    attribute: ignore,
    event: ignore,
    addLinks: ignore
  }
}

const replaying = (): boolean => drainingAttempt()?.journal.replaying() === true

/** Emits what happens and is silent about what is repeated. */
export const replayTracer = (live: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind, options) =>
      replaying()
        ? replayedSpan(name, parent, context, links, startTime, kind)
        : live.span(name, parent, context, links, startTime, kind, options),
    context: (run, fiber) => live.context(run, fiber)
  })

const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The span to attach to, from a W3C `traceparent` header. */
export const externalParent = (traceparent: string | undefined): Tracer.ExternalSpan | undefined => {
  const match = traceparent === undefined ? null : traceparentPattern.exec(traceparent)
  const [, traceId, spanId, flags] = match ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** The annotations of a log line that belongs to an invocation. Of a service it has no key. */
export const identify = ({ attributes, journal }: Attempt): Record<string, unknown> => ({
  ...attributes,
  invocation: journal.invocationId,
  service: journal.target.service,
  handler: journal.target.handler,
  ...(journal.target.key === "" ? {} : { key: journal.target.key })
})

/** Logs on the live runtime, under the span of the attempt: for what is never a repetition. */
export const logLive = (attempt: Attempt, log: Effect.Effect<void>, more: Record<string, unknown> = {}): void => {
  const line = Effect.annotateLogs(log, { ...identify(attempt), ...more })
  const { span } = attempt
  Runtime.runFork(attempt.handler.live, span === undefined ? line : Effect.withParentSpan(line, span))
}

/**
 * Passes a log line on once: not while it is replayed. Adds invocation, service, handler, key, step and the attributes of the
 * invocation, so that a workflow need not annotate anything, and stamps it with the live time.
 */
export const replayLogger = <Message, Output>(base: Logger.Logger<Message, Output>): Logger.Logger<Message, void> =>
  Logger.make((options) => {
    const context = FiberRefs.getOrDefault(options.context, FiberRef.currentContext)
    const durable = Option.getOrUndefined(Context.getOption(context, Durable))
    if (durable === undefined) return void base.log(options)
    const inside = durable instanceof InsideStep
    const attempt = inside ? durable.attempt : durable
    if (!inside && attempt.journal.replaying()) return
    const names = inside ? { ...identify(attempt), step: durable.step } : identify(attempt)
    base.log({
      ...options,
      date: new Date(Context.get(attempt.handler.liveServices, Clock.Clock).unsafeCurrentTimeMillis()),
      annotations: HashMap.union(options.annotations, HashMap.fromIterable(Object.entries(names)))
    })
  })

/** Writes once: not what is replayed. */
export const replayConsole = (live: Console.Console): Console.Console => {
  const unsafe = new Proxy(live.unsafe, {
    get: (console, name) => {
      const write: unknown = Reflect.get(console, name)
      return typeof write === "function"
        ? (...args: ReadonlyArray<unknown>) => (replaying() ? undefined : Reflect.apply(write, console, args))
        : write
    }
  })
  // Every member of a console is an effect without an answer, or makes one.
  const once = (write: () => unknown) =>
    Effect.suspend(() => (replaying() ? Effect.void : (write() as Effect.Effect<void>)))
  return new Proxy(live, {
    get: (console, name) => {
      if (name === "unsafe") return unsafe
      const member: unknown = Reflect.get(console, name)
      if (Effect.isEffect(member)) return once(() => member)
      return typeof member === "function"
        ? (...args: ReadonlyArray<unknown>) => once(() => Reflect.apply(member, console, args))
        : member
    }
  })
}
