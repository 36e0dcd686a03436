import { Schema } from "effect"
import { httpStatus } from "../contract/httpStatus.ts"

/** The invocation was cancelled, by an operator or by its caller. Ends the invocation with status 409. */
export class Cancelled extends Schema.TaggedError<Cancelled>()(
  "Cancelled",
  { invocationId: Schema.String },
  httpStatus(409)
) {
  override get message(): string {
    return "the invocation was cancelled"
  }
}

/**
 * A step that may no longer be retried: its policy is exhausted, it was interrupted as the loser of a race, or its
 * result cannot be journaled. Whether its last body had an effect is unknown, so an undo must tolerate both.
 */
export class StepFailed extends Schema.TaggedError<StepFailed>()("StepFailed", {
  step: Schema.String,
  code: Schema.Number,
  reason: Schema.String
}) {
  override get message(): string {
    return `step ${this.step} failed: ${this.reason}`
  }
}

/** The callee ended with a failure that its contract does not declare. `metadata` is what that failure shows to every caller. */
export class CallFailed extends Schema.TaggedError<CallFailed>()("CallFailed", {
  target: Schema.String,
  code: Schema.Number,
  reason: Schema.String,
  metadata: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
}) {
  override get message(): string {
    return `call to ${this.target} failed: ${this.reason}`
  }
}

/** An awakeable or signal was rejected by the one who was asked to resolve it. */
export class AwaitRejected extends Schema.TaggedError<AwaitRejected>()("AwaitRejected", {
  id: Schema.String,
  code: Schema.Number,
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.id} was rejected: ${this.reason}`
  }
}

/**
 * A value of ours that cannot be written where it goes: it does not fit the schema there, or is larger than 256 KiB. `target`
 * says where: `service/handler` of a message, `state name`, `awakeable`, `step name`, or the handler's own answer. Nothing
 * was journaled, except of a step, whose body has run. The same value fails again on every attempt.
 */
export class EncodingFailed extends Schema.TaggedError<EncodingFailed>()("EncodingFailed", {
  target: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.target}: ${this.problem}`
  }
}

/** What any handler may fail with beside its contract's own errors. The caller sees status 500, or 409 for `Cancelled`. */
export type DurableFailure = Cancelled | StepFailed | CallFailed | AwaitRejected | EncodingFailed

/** The fiber of a workflow that an error is about, and the last durable operation it made, if it has made one. */
const aboutFiber = { fiber: Schema.Number, after: Schema.optional(Schema.String) }

const nameOf = ({ after, fiber }: { readonly fiber: number; readonly after?: string | undefined }): string =>
  `fiber ${fiber} of a workflow, ${after === undefined ? "before its first durable operation" : `after ${after}`},`

/**
 * A body waited for something that is not in the journal (a promise, a timer, a lock shared between processes). Replay
 * could not repeat that wait, so the attempt fails at once.
 */
export class NonDurableWait extends Schema.TaggedError<NonDurableWait>()("NonDurableWait", aboutFiber) {
  override get message(): string {
    return `${nameOf(this)} waited on something that is not in the journal: wrap that effect in a step`
  }
}

/**
 * A body runs on and on without waiting for anything durable: a loop around `Effect.yieldNow`, an `Effect.forever`, or more
 * computation than belongs between two waits. The attempt fails, as the next one would.
 */
export class NeverRests extends Schema.TaggedError<NeverRests>()("NeverRests", {
  ...aboutFiber,
  operations: Schema.Number
}) {
  override get message(): string {
    return `${nameOf(this)} ran ${this.operations} operations without waiting for anything durable: let it wait for what it looks for, or move the computation into a step`
  }
}

/** A shared handler wrote state. Restate lets it only read, so the write is refused before it is journaled. */
export class StateIsReadOnly extends Schema.TaggedError<StateIsReadOnly>()("StateIsReadOnly", {
  handler: Schema.String,
  state: Schema.String
}) {
  override get message(): string {
    return `shared handler ${this.handler} wrote state ${this.state}: make it exclusive, or send what it has to write to an exclusive handler`
  }
}

/** A durable promise was completed before. Restate keeps the first completion. */
export class PromiseAlreadyCompleted extends Schema.TaggedError<PromiseAlreadyCompleted>()(
  "PromiseAlreadyCompleted",
  { promise: Schema.String },
  httpStatus(409)
) {
  override get message(): string {
    return `promise ${this.promise} was already completed`
  }
}

/** A handler used what contracts of its kind do not have, behind the compiler's back. */
export class CapabilityMissing extends Schema.TaggedError<CapabilityMissing>()("CapabilityMissing", {
  /** `service/handler` */
  handler: Schema.String,
  kind: Schema.Literal("object", "service", "workflow"),
  subject: Schema.String
}) {
  override get message(): string {
    const kind = this.kind === "object" ? "an object" : `a ${this.kind}`
    return `${this.handler} belongs to ${kind}, which has no ${this.subject}`
  }
}

/** A durable operation was used inside a step's body, where there is no journal. */
export class DurableInsideStep extends Schema.TaggedError<DurableInsideStep>()("DurableInsideStep", {
  step: Schema.String
}) {
  override get message(): string {
    return `a durable operation was used inside step ${this.step}: move it out of the step's body`
  }
}

/** A step's body did not end within its timeout. Its effect is unknown; Restate runs it again. */
export class StepTimedOut extends Schema.TaggedError<StepTimedOut>()("StepTimedOut", {
  step: Schema.String,
  millis: Schema.Number
}) {
  override get message(): string {
    return `step ${this.step} did not end within ${this.millis} ms`
  }
}
