import { edit, type Mutation } from "./Mutation.ts"

const machine = ["packages/effect-restate/test/VmJournal.test.ts"]

/** Of the journal on the SDK's state machine. */
export const mutationsOfStateMachine: ReadonlyArray<Mutation> = [
  {
    name: "on the state machine, nothing waits for a cancellation",
    edits: [edit("attempt/VmJournal.ts", "this.#explicit && !isPrompt(waiters)", "false")]
  },
  {
    name: "on the state machine, a read of state is raced with a cancellation",
    edits: [edit("attempt/VmJournal.ts", "this.#explicit && !isPrompt(waiters)", "this.#explicit")],
    tests: machine
  },
  {
    name: "on the state machine, what is ready together is answered last first",
    edits: [
      edit(
        "attempt/VmJournal.ts",
        "for (const waiter of waiters) {\n      const pending",
        "for (const waiter of [...waiters].reverse()) {\n      const pending"
      )
    ],
    tests: machine
  },
  {
    name: "on the state machine, an entry is awaited twice as if it were new",
    edits: [
      edit(
        "attempt/VmJournal.ts",
        'if (completion !== undefined) return { _tag: "Completed", waiter, completion }',
        "void completion"
      )
    ],
    tests: machine
  },
  {
    name: "on the state machine, a long journal is replayed in one turn of the process",
    edits: [edit("attempt/VmJournal.ts", "progressPerTurn = 64", "progressPerTurn = 1_000_000")],
    tests: machine
  },
  {
    name: "on the state machine, a body that ends later wakes nothing",
    edits: [edit("attempt/VmRuns.ts", "if (!isStarting) promisesExecutor.externalProgressChannel.signal()", "")]
  },
  {
    name: "on the state machine, a step has no retry policy of its own",
    edits: [edit("attempt/VmRuns.ts", "tookMillis, policyOf(options)", "tookMillis, undefined")]
  },
  {
    name: "on the state machine, a body's result reaches an attempt that is over",
    edits: [edit("attempt/VmRuns.ts", "      if (this.#ended) return\n", "")],
    tests: machine
  },
  {
    name: "on the state machine, the endpoint's codec reads nothing",
    edits: [edit("attempt/VmPending.ts", "await codec.decode(notification.Success)", "notification.Success")],
    tests: machine
  },
  {
    name: "on the state machine, hooks around steps are left out",
    edits: [
      edit(
        "attempt/intercepted.ts",
        "const returned = runInterceptor(interceptor, name, next)",
        "const returned = next()"
      )
    ],
    tests: machine
  },
  {
    name: "state machines are left to the garbage collector",
    edits: [
      edit(
        "attempt/VmJournal.ts",
        "if (this.#context.inputPump.stopped) this.#vm.free()",
        "if (this.#context.inputPump.stopped) return"
      )
    ],
    tests: ["packages/effect-restate/test/server/stateMachine.test.ts"]
  },
  {
    name: "the state machine of any version of the SDK is driven",
    edits: [edit("attempt/StateMachine.ts", "knownVersion.test(version) &&", "")],
    tests: ["packages/effect-restate/test/journalOf.test.ts"]
  }
]
