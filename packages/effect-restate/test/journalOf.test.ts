import { assert, describe, it } from "@effect/vitest"
import { journalOf } from "../src/attempt/journalOf.ts"
import { SdkJournal } from "../src/attempt/SdkJournal.ts"
import { hasStateMachine } from "../src/attempt/StateMachine.ts"
import { VmJournal } from "../src/attempt/VmJournal.ts"
import { scriptedMachine } from "./fixtures/scriptedMachine.ts"

const known = scriptedMachine({}).context

const omit = (value: object, [member = "", ...rest]: ReadonlyArray<string>): object => {
  const { [member]: inner, ...others } = value as Readonly<Record<string, object>>
  return rest.length === 0 || inner === undefined ? others : { ...others, [member]: omit(inner, rest) }
}

/** The context without one of its members: `a.b` is the member b of its a. */
const without = (path: string): typeof known => omit(known, path.split(".")) as typeof known

describe("the journal of an attempt", () => {
  it("is on the SDK's state machine where that is as it is known", () => {
    assert.instanceOf(journalOf(known, true), VmJournal)
  })

  const members = [
    "coreVm",
    "coreVm.do_progress",
    "coreVm.take_notification",
    "coreVm.propose_run_completion_success",
    "coreVm.free",
    "inputPump.stopped",
    "outputPump.awaitNextProgress",
    "promisesExecutor.externalProgressChannel",
    "journalValueCodec.decode",
    "runInterceptor",
    "vmLogger.warn",
    "abortAttempt"
  ]
  for (const member of members) {
    it(`is on the SDK's promises where the SDK has no ${member}`, () => {
      assert.instanceOf(journalOf(without(member), true), SdkJournal)
    })
  }

  it("is on the SDK's promises with another minor version of the SDK", () => {
    assert.isTrue(hasStateMachine(known, "1.17.9"))
    for (const version of ["1.16.2", "1.18.0", "2.17.2", "11.17.2"]) assert.isFalse(hasStateMachine(known, version))
  })
})
