import { edit, type Mutation } from "./Mutation.ts"
import { mutationsOfInvocations } from "./mutationsOfInvocations.ts"
import { mutationsOfStateMachine } from "./mutationsOfStateMachine.ts"

const semantics = [
  "packages/effect-restate/test/server/semantics.0s.test.ts",
  "packages/effect-restate/test/server/semantics.1m.test.ts"
]
const promises = ["packages/effect-restate/test/server/promises.1m.test.ts"]
const journal = ["packages/effect-restate/test/server/journal.test.ts"]
const endpoint = ["packages/effect-restate/test/Endpoint.test.ts"]

export const testsOf = (mutation: Mutation): ReadonlyArray<string> => mutation.tests ?? semantics

export const mutations: ReadonlyArray<Mutation> = [
  {
    name: "steps are not interrupted at the end of an attempt",
    edits: [edit("attempt/Attempt.ts", "for (const step of this.steps) step.unsafeInterruptAsFork(FiberId.none)", "")]
  },
  {
    name: "fibers in uninterruptible regions are not released at the end of an attempt",
    edits: [edit("attempt/Attempt.ts", "for (const waiter of waiters) waiter.abort()", "")]
  },
  {
    name: "durable operations are accepted after the end of an attempt",
    edits: [
      edit("attempt/Attempt.ts", "if (this.ended) return wake(Effect.interrupt)", ""),
      edit("operations/Durable.ts", "return durable.ended ? Effect.interrupt : use(", "return use(")
    ]
  },
  {
    name: "the random seed differs between attempts",
    edits: [
      edit("attempt/Attempt.ts", "Random.make(this.journal.invocationId)", "Random.make(String(performance.now()))")
    ]
  },
  {
    name: "the loser of a race is not interrupted",
    edits: [edit("operations/Step.ts", "() => Effect.sync(() => run.abandon())", "() => Effect.void")]
  },
  {
    name: "workflow fibers run on the live clock",
    edits: [
      edit("attempt/BoundObject.ts", "durableClock(Context.get(live, Clock.Clock))", "Context.get(live, Clock.Clock)")
    ]
  },
  {
    name: "fibers run whenever anything wakes them",
    edits: [
      edit(
        "attempt/Attempt.ts",
        "if (!this.#running) this.#fail(this.#nonDurableWait(fiber))",
        "if (!this.#running) queueMicrotask(() => this.#whileRunning(() => this.#drain()))"
      )
    ]
  },
  {
    name: "a workflow that waits for nothing durable is not noticed",
    edits: [edit("attempt/Attempt.ts", "if (this.#waiters.size === 0) throw this.#nonDurableWait(main)", "")]
  },
  {
    name: "journaled time is never read again",
    edits: [edit("attempt/Attempt.ts", "      this.turnMillis = undefined\n", "")]
  },
  {
    name: "only the whole handler receives a cancellation",
    edits: [edit("attempt/Cancellation.ts", "if (scope.children.size > 0) {", "if (scope.children.size > 1_000) {")]
  },
  {
    name: "a cancellable region that has lost a race still receives cancellations",
    edits: [
      edit(
        "attempt/Cancellation.ts",
        "    parent.children.delete(scope)\n",
        "    if (answered) parent.children.delete(scope)\n"
      )
    ]
  },
  {
    name: "a cancellation that no region has turned into a failure is lost",
    edits: [edit("attempt/Cancellation.ts", "this.#interrupted.size === 0 && !this.#answered", "false")]
  },
  {
    name: "an invocation can be cancelled once",
    edits: [
      edit(
        "attempt/Cancellation.ts",
        "    if (!this.#interrupted.delete(scope)) return\n",
        "    if (!this.#interrupted.has(scope)) return\n"
      )
    ]
  },
  {
    name: "an awaited promise is awaited again after an implicit cancellation",
    edits: [edit("attempt/SdkJournal.ts", "single?.prompt : !this.#cancelled)", "single?.prompt : true)")],
    tests: promises
  },
  {
    name: "compensations run when an attempt merely ends",
    edits: [
      edit(
        "operations/Saga.ts",
        "Exit.isSuccess(exit) || attempt.ended || Cause.isDie(exit.cause)",
        "Exit.isSuccess(exit) || Cause.isDie(exit.cause)"
      ),
      edit("operations/Saga.ts", "attempt.ended ? Effect.interrupt : undo(", "undo("),
      edit("operations/Durable.ts", "return durable.ended ? Effect.interrupt : use(", "return use("),
      edit("attempt/Attempt.ts", "if (this.ended) return wake(Effect.interrupt)", "")
    ]
  },
  {
    name: "compensations run on a defect",
    edits: [edit("operations/Saga.ts", " || Cause.isDie(exit.cause)) return exit", ") return exit")]
  },
  {
    name: "compensations run first to last",
    edits: [edit("operations/Saga.ts", "log.reverse()", "log")]
  },
  {
    name: "a saga that succeeds inside another one forgets its undos",
    edits: [edit("operations/Saga.ts", "enclosing?.push(...log)", "")]
  },
  {
    name: "an undo has the services of where its saga ends",
    edits: [edit("operations/Saga.ts", "Context.merge(ending, services)", "Context.merge(services, ending)")]
  },
  {
    name: "shared handlers write state",
    edits: [edit("operations/withCapability.ts", "capabilities.has(name)", "true")]
  },
  {
    name: "a step that has lost a race fails its attempt",
    edits: [edit("operations/StepRun.ts", "  abandon(): void {\n    this.#abandoned = true\n", "  abandon(): void {\n")]
  },
  {
    name: "typed failures of steps are thrown instead of journaled",
    edits: [edit("operations/StepRun.ts", "if (Option.isSome(terminal)) return terminal.value", "")]
  },
  {
    name: "transient failures are journaled",
    edits: [
      edit(
        "operations/StepRun.ts",
        'typeof failure === "object" && failure !== null && "retryable" in failure && failure.retryable === true',
        "false"
      )
    ],
    tests: ["packages/effect-restate/test/Step.test.ts"]
  },
  {
    name: "a step's own timeout is ignored",
    edits: [edit("operations/StepRun.ts", "this.#options.timeout ?? handler.limits", "handler.limits")]
  },
  {
    name: "every typed failure has status 500",
    edits: [edit("contract/TypedFailure.ts", "errorCode: httpStatusOf(member)", "errorCode: 500")]
  },
  {
    name: "a failure shows no public metadata",
    edits: [edit("contract/TypedFailure.ts", "{ ...shown, ...(withFields", "{ ...(withFields")]
  },
  {
    name: "the fields of a failure are among what CallFailed shows",
    edits: [edit("contract/TypedFailure.ts", "name !== failureMetadata", 'name !== ""')]
  },
  {
    name: "raw bytes are written as JSON",
    edits: [edit("contract/Serde.ts", "isRawBytes(schema) ?", "isRawBytes(schema) && maxBytes < 0 ?")]
  },
  {
    name: "a call that is interrupted leaves its callee running",
    edits: [edit("operations/Messaging.ts", "handler), cancelCallee, `call", "handler), undefined, `call")]
  },
  {
    name: "fractions of a millisecond reach Restate",
    edits: [edit("attempt/wholeMillis.ts", "Math.ceil(Duration.toMillis(duration))", "Duration.toMillis(duration)")],
    tests: ["packages/effect-restate/test/Ingress.test.ts"]
  },
  {
    name: "a duration without an end reaches the SDK",
    edits: [edit("attempt/wholeMillis.ts", "longest)\n", "Number.POSITIVE_INFINITY)\n")]
  },
  {
    name: "a step's timer may be longer than Node's longest",
    edits: [
      edit(
        "operations/StepRun.ts",
        "this.#options.timeout ?? handler.limits.stepTimeout), longestTimer)",
        "this.#options.timeout ?? handler.limits.stepTimeout), 1e15)"
      )
    ]
  },
  {
    name: "the replay logger always logs",
    edits: [edit("attempt/Telemetry.ts", "if (!inside && attempt.journal.replaying()) return", "")]
  },
  {
    name: "spans are emitted again on replay",
    edits: [
      edit("attempt/Telemetry.ts", "      replaying()\n        ? replayedSpan", "      false\n        ? replayedSpan")
    ]
  },
  {
    name: "the console is written to again on replay",
    edits: [
      edit(
        "attempt/Telemetry.ts",
        "Effect.suspend(() => (replaying() ? Effect.void :",
        "Effect.suspend(() => (false ? Effect.void :"
      )
    ]
  },
  {
    name: "time that is read without an effect is live",
    edits: [edit("attempt/DurableClock.ts", "drainingAttempt()?.elapsed.millis ?? live", "live")]
  },
  {
    name: "yieldNow does not give way",
    edits: [
      edit(
        "attempt/BoundObject.ts",
        "RuntimeFlags.enable(blankFlags, RuntimeFlags.CooperativeYielding)",
        "RuntimeFlags.disable(blankFlags, RuntimeFlags.CooperativeYielding)"
      )
    ]
  },
  {
    name: "values over the size limit are stored",
    edits: [edit("contract/Serde.ts", "return bytes.length > maxBytes ? ", "return bytes.length > 1e9 ? ")]
  },
  {
    name: "values are stored that their schema cannot read back",
    edits: [
      edit(
        "contract/Serde.ts",
        'return back._tag === "Left"\n      ? ',
        'return false && back._tag === "Left"\n      ? '
      )
    ]
  },
  {
    name: "every failed run of a step is logged",
    edits: [edit("attempt/FailedRuns.ts", "isPowerOfTwo(attempt) || before?.type !== type", "true")],
    tests: ["packages/effect-restate/test/FailedRuns.test.ts"]
  },
  {
    name: "the text of every defect is quoted",
    edits: [
      edit(
        "attempt/Defect.ts",
        "error instanceof Error && Schema.isSchema(error.constructor)",
        "error instanceof Error"
      )
    ],
    tests: journal
  },
  {
    name: "a handler may throw before it returns its effect",
    edits: [edit("attempt/BoundObject.ts", "Effect.suspend(() => run(input))", "run(input)")],
    tests: journal
  },
  {
    name: "the drain bound does not reach what it bounds",
    edits: [edit("node/Endpoint.ts", "      Effect.interruptible,\n", "")],
    tests: endpoint
  },
  {
    name: "the endpoint cuts connections without waiting for steps",
    edits: [
      edit(
        "node/Endpoint.ts",
        "quiet = steps.count === 0 && listener.requests.size === 0 ? quiet + 1 : 0",
        "quiet = quietPolls"
      )
    ],
    tests: endpoint
  },
  {
    name: "what waits is not suspended when the endpoint drains",
    edits: [edit("node/Listener.ts", "    for (const input of this.requests) input.end()\n", "")],
    tests: endpoint
  },
  ...mutationsOfStateMachine,
  ...mutationsOfInvocations
]
