import { edit, type Mutation } from "./Mutation.ts"

const memory = ["packages/effect-restate/test/memory.test.ts"]
const schedules = ["packages/effect-restate/test/testing/recurring.test.ts"]
const cancellations = ["packages/effect-restate/test/testing/CancellationMatrix.test.ts"]
const scopes = ["packages/effect-restate/test/testing/scopes.test.ts"]

/** Of workflows and their promises, signals, attachments, chains and schedules of invocations, and of the matrix that cancels. */
export const mutationsOfInvocations: ReadonlyArray<Mutation> = [
  {
    name: "a promise that was completed is completed again",
    edits: [
      edit("operations/DurablePromise.ts", "Effect.fail(new PromiseAlreadyCompleted({ promise }))", "Effect.void")
    ],
    tests: memory
  },
  {
    name: "a promise that was rejected looks as if it were not completed",
    edits: [
      edit(
        "operations/DurablePromise.ts",
        "if (!completion.ok) return rejected(name, completion.error)",
        "if (!completion.ok) return Effect.succeedNone"
      )
    ],
    tests: memory
  },
  {
    name: "on a server, a peek at a promise waits for it",
    edits: [edit("attempt/ContextJournal.ts", "entry.serde).peek()", "entry.serde).get()")],
    tests: ["packages/effect-restate/test/server/semantics.1m.test.ts"]
  },
  {
    name: "a second call of a workflow's run waits for the first",
    edits: [edit("testing/Cluster.ts", "options.waits === true ? refusedRun(run.run) : run.run", "run.run")],
    tests: memory
  },
  {
    name: "a client may ask for a workflow's run with an idempotency key",
    edits: [edit("testing/Cluster.ts", "options.idempotencyKey !== undefined && this.#isRun(target)", "false")],
    tests: memory
  },
  {
    name: "an idempotency key is the same in every scope",
    edits: [edit("testing/Cluster.ts", "scope === undefined ? path :", "true ? path :")],
    tests: scopes
  },
  {
    name: "an object is the same in every scope",
    edits: [edit("testing/Cluster.ts", "scope === undefined ? unscoped :", "true ? unscoped :")],
    tests: scopes
  },
  {
    name: "a signal that comes before it is awaited is lost",
    edits: [edit("testing/Cluster.ts", "else this.#signals.keep(id, name, stored)", "")],
    tests: ["packages/effect-restate/test/testing/invocations.test.ts", ...memory]
  },
  {
    name: "giving up an attachment cancels what it waits for",
    edits: [
      edit(
        "operations/Invocation.ts",
        "        undefined,\n        `attach",
        "        () => cancel(id),\n        `attach"
      )
    ],
    tests: memory
  },
  {
    name: "a handler goes on without its delay",
    edits: [
      edit("operations/again.ts", "send(contract, own, handler, input, options)", "send(contract, own, handler, input)")
    ],
    tests: schedules
  },
  {
    name: "a handler goes on with any handler",
    edits: [edit("operations/again.ts", "target.handler === handler", "true")],
    tests: [...schedules, ...memory]
  },
  {
    name: "a schedule that is started anew leaves the firing of the old one",
    edits: [edit("operations/recurring.ts", "      yield* stop\n", "")],
    tests: schedules
  },
  {
    name: "a firing of any schedule works",
    edits: [
      edit(
        "operations/recurring.ts",
        "if (Option.isNone(current) || current.value.schedule !== schedule) return Option.none<A>()",
        "if (Option.isNone(current)) return Option.none<A>()"
      )
    ],
    tests: schedules
  },
  {
    name: "a firing that fails ends its schedule",
    edits: [edit("operations/recurring.ts", "Effect.either(work)", "Effect.either(Effect.tapError(work, () => stop))")],
    tests: schedules
  },
  {
    name: "a firing that was missed while another one worked is made up for",
    edits: [edit("operations/recurring.ts", "due < (current.value.ended ?? 0)", "false")],
    tests: schedules
  },
  {
    name: "the matrix cancels only the invocation at the point",
    edits: [edit("testing/CancellationMatrix.ts", "  ...callers.slice(-1)\n", "")],
    tests: cancellations
  },
  {
    name: "the matrix takes every failed call for a cancelled one",
    edits: [
      edit("testing/CancellationMatrix.ts", "failure.value instanceof CallFailed && failure.value.code === 409", "true")
    ],
    tests: cancellations
  },
  {
    name: "the matrix cancels at a point that is reached again only the first time",
    edits: [
      edit(
        "testing/Fault.ts",
        "samePoint(candidate, point) && left-- === 0",
        "samePoint(candidate, point) && left-- === earlier"
      )
    ],
    tests: cancellations
  }
]
