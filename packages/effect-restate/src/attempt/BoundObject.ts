import { CancelledError, TerminalError } from "@restatedev/restate-sdk"
import {
  Cause,
  Clock,
  Console,
  Context,
  DefaultServices,
  Effect,
  Exit,
  FiberId,
  FiberRef,
  FiberRefs,
  HashSet,
  Option,
  Random,
  Runtime,
  RuntimeFlags,
  Schema,
  Tracer
} from "effect"
import { capabilitiesOf } from "../contract/Capability.ts"
import type { Contract, HandlerContract } from "../contract/Contract.ts"
import type { Implementation, WorkflowOptions } from "../contract/Implementation.ts"
import type { Limits } from "../contract/Limits.ts"
import { encodeFor, opaqueSerde } from "../contract/Serde.ts"
import { toTerminal } from "../contract/TypedFailure.ts"
import { annotate } from "../operations/annotate.ts"
import { Durable } from "../operations/Durable.ts"
import { AwaitRejected, CallFailed, Cancelled, EncodingFailed, StepFailed } from "../operations/DurableError.ts"
import { Attempt, type HandlerRuntime } from "./Attempt.ts"
import { publicError } from "./Defect.ts"
import { durableClock } from "./DurableClock.ts"
import { durableRandom } from "./DurableRandom.ts"
import { errorTypeOf } from "./errorType.ts"
import { FailedRuns } from "./FailedRuns.ts"
import type { Journal } from "./Journal.ts"
import type { AttemptOutcome, Observer } from "./Observer.ts"
import { externalParent, logLive, replayConsole, replayLogger, replayTracer } from "./Telemetry.ts"
import { startMain, type WorkflowRuntime, workflowRuntime } from "./WorkflowRuntime.ts"

/** Runs one attempt of one handler. Settles with the handler's encoded answer, a terminal error, or an error that Restate retries. */
export type AttemptRunner = (journal: Journal, input: unknown) => Promise<Uint8Array>

/** An implementation with everything it needs: ready to be served by Restate or by the testing engine. */
export interface BoundObject {
  readonly contract: Contract
  readonly options: WorkflowOptions<string>
  readonly limits: Limits
  readonly attempts: ReadonlyMap<string, AttemptRunner>
}

/** What all attempts of an object share. */
const sharedRuntimeOf = <R>(
  { options }: Implementation<R>,
  runtime: Runtime.Runtime<R>,
  observer: Observer,
  limits: Limits
): ObjectRuntime<R> => {
  const live = FiberRefs.getOrDefault(runtime.fiberRefs, DefaultServices.currentServices)
  const tracer = Context.get(live, Tracer.Tracer)
  const traced = tracer !== Context.get(DefaultServices.liveServices, Tracer.Tracer)
  const services = live.pipe(
    Context.add(Clock.Clock, durableClock(Context.get(live, Clock.Clock))),
    Context.add(Random.Random, durableRandom),
    Context.add(Console.Console, replayConsole(Context.get(live, Console.Console))),
    Context.add(Tracer.Tracer, traced ? replayTracer(tracer) : tracer)
  )
  const root = FiberId.runtime(0, 0)
  const loggers = HashSet.map(FiberRefs.getOrDefault(runtime.fiberRefs, FiberRef.currentLoggers), replayLogger)
  const blankFlags = RuntimeFlags.disable(runtime.runtimeFlags, RuntimeFlags.RuntimeMetrics)
  const refs = FiberRefs.updateManyAs(runtime.fiberRefs, {
    forkAs: root,
    entries: [
      [DefaultServices.currentServices, [[root, services]]],
      [FiberRef.currentLoggers, [[root, loggers]]]
    ]
  })
  return {
    // Only the default services and flags of this runtime are used for logging; what it provides does not matter there.
    live: runtime as unknown as Runtime.Runtime<never>,
    observer,
    limits,
    retry: options.retry ?? {},
    failedRuns: new FailedRuns(),
    tracer,
    traced,
    liveServices: live,
    blank: Runtime.make({
      context: Context.empty(),
      fiberRefs: FiberRefs.empty(),
      runtimeFlags: blankFlags
    }),
    workflow: workflowRuntime(
      runtime.context,
      refs,
      // Metrics of fibers cost more than they tell here. `Effect.yieldNow` gives way only with the other flag.
      RuntimeFlags.enable(blankFlags, RuntimeFlags.CooperativeYielding)
    )
  }
}

const attemptRunner = <R>(
  shared: ObjectRuntime<R>,
  { contract, options: { attributes } }: Implementation<R>,
  name: string,
  run: Implementation<R>["handlers"][string]
): AttemptRunner => {
  const declared = contract.handlers[name]
  if (declared === undefined) throw new TypeError(`${contract.name} declares no handler ${name}`)
  const answer = `the answer of ${contract.name}/${name}`
  const encoded = (value: unknown) => encodeFor(answer, opaqueSerde(declared.output, shared.limits.payloadBytes), value)
  // Encoded as part of the attempt: an answer that does not fit ends the invocation, which would not fit later either.
  const handle = (input: unknown) =>
    Effect.flatMap(
      Effect.suspend(() => run(input)),
      encoded
    )
  const { kind } = contract
  const runtimeOf = { ...shared, kind, capabilities: capabilitiesOf(kind, declared.mode) }
  const annotated = (journal: Journal, input: unknown) => {
    if (attributes === undefined) return handle(input)
    const request = { handler: name, key: journal.target.key, input }
    return Effect.zipRight(
      Effect.suspend(() => annotate(attributes(request))),
      handle(input)
    )
  }
  return (journal, input) => runAttempt(runtimeOf, declared, journal, annotated(journal, input))
}

/** Binds an implementation to a runtime that holds its services. Built once: an attempt only adds its journal. */
export const bind = <R>(
  implementation: Implementation<R>,
  runtime: Runtime.Runtime<R>,
  observer: Observer,
  limits: Limits
): BoundObject => {
  const shared = sharedRuntimeOf(implementation, runtime, observer, limits)
  const attempts = new Map(
    Object.entries(implementation.handlers).map(([name, run]) => [
      name,
      attemptRunner(shared, implementation, name, run)
    ])
  )
  return { contract: implementation.contract, options: implementation.options, limits, attempts }
}

interface SharedRuntime<R> extends HandlerRuntime {
  readonly workflow: WorkflowRuntime<R>
  readonly tracer: Tracer.Tracer
}

type ObjectRuntime<R> = Omit<SharedRuntime<R>, "kind" | "capabilities">

const runAttempt = <E, R>(
  shared: SharedRuntime<R>,
  declared: HandlerContract,
  journal: Journal,
  effect: Effect.Effect<Uint8Array, E, R | Durable>
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const broken = (error: unknown): void => {
      attempt.end()
      logDefect(attempt, Cause.die(error))
      report.ended("defect", Cause.die(error))
      reject(error)
    }
    const attempt = new Attempt(journal, shared, broken)
    const report = reporter(attempt, shared.tracer)
    journal.attemptCompleted.addEventListener(
      "abort",
      () => {
        attempt.end()
        report.ended("suspended")
      },
      { once: true }
    )
    let context = Context.add(shared.workflow.context as Context.Context<R>, Durable, attempt)
    if (report.parent !== undefined) context = Context.add(context, Tracer.ParentSpan, report.parent)
    const main = attempt.drive((scheduler) => startMain(shared.workflow, context, effect, scheduler))
    main.then((exit) => {
      attempt.end()
      if (Exit.isSuccess(exit)) {
        report.ended("succeeded")
        resolve(exit.value)
        return
      }
      const { error, outcome } = edge(attempt, declared, exit.cause)
      report.ended(outcome, exit.cause)
      reject(error)
    }, broken)
  })

interface Edge {
  readonly error: Error
  readonly outcome: AttemptOutcome
}

const isDurableFailure = Schema.is(Schema.Union(StepFailed, CallFailed, AwaitRejected, EncodingFailed))

/** What leaves the handler: typed failures and cancellation end the invocation, everything else is retried. */
const edge = (attempt: Attempt, declared: HandlerContract, cause: Cause.Cause<unknown>): Edge => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (!Cause.isDie(cause)) {
    if (failure instanceof Cancelled) return { error: new CancelledError(), outcome: "cancelled" }
    const { cancellation } = attempt
    if (failure === undefined && cancellation.interrupted(cancellation.handler))
      return { error: new CancelledError(), outcome: "cancelled" }
    const withFields = declared.ingress === "private" || attempt.journal.typedFailures
    const terminal = failure === undefined ? Option.none() : toTerminal(declared.error, failure, withFields)
    if (Option.isSome(terminal)) return { error: terminal.value, outcome: "failed" }
    if (isDurableFailure(failure))
      return { error: new TerminalError(failure.message, { errorCode: 500 }), outcome: "failed" }
  }
  logDefect(attempt, cause)
  const { service, handler } = attempt.journal.target
  return { error: publicError(`${service}/${handler}`, Cause.squash(cause)), outcome: "defect" }
}

const logDefect = (attempt: Attempt, cause: Cause.Cause<unknown>): void =>
  logLive(attempt, Effect.logError("A handler ended with a defect", cause))

/** Counts and traces one attempt, exactly once, however it ends. */
const reporter = (attempt: Attempt, tracer: Tracer.Tracer) => {
  const { journal, handler } = attempt
  const { service, handler: name } = journal.target
  const info = { service, handler: name }
  const startedAt = journal.liveMillis()
  const external = externalParent(journal.traceparent)
  const span = handler.traced ? attemptSpan(journal, tracer, external) : undefined
  attempt.span = span
  let open = true
  handler.observer.attemptStarted(info)
  return {
    parent: span ?? external,
    ended: (outcome: AttemptOutcome, cause: Cause.Cause<unknown> = Cause.empty): void => {
      if (!open) return
      open = false
      handler.observer.attemptEnded({ ...info, outcome, seconds: (journal.liveMillis() - startedAt) / 1000 })
      if (span === undefined) return
      span.attribute("restate.attempt.outcome", outcome)
      const failed = outcome === "failed" || outcome === "defect"
      const type = failed ? (errorTypeOf(cause) ?? outcome) : undefined
      if (type !== undefined) span.attribute("error.type", type)
      span.end(BigInt(Date.now()) * 1_000_000n, type === undefined ? Exit.void : Exit.die(type))
    }
  }
}

const attemptSpan = (
  journal: Journal,
  tracer: Tracer.Tracer,
  external: Tracer.ExternalSpan | undefined
): Tracer.Span => {
  const { service, handler, key } = journal.target
  const startedAt = BigInt(Date.now()) * 1_000_000n
  const parent = Option.fromNullable(external)
  const span = tracer.span(`${service}/${handler}`, parent, Context.empty(), [], startedAt, "server")
  span.attribute("restate.invocation.id", journal.invocationId)
  if (key !== "") span.attribute("restate.invocation.key", key)
  return span
}
