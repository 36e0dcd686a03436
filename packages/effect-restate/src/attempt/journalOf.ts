import type { Journal } from "./Journal.ts"
import { SdkJournal } from "./SdkJournal.ts"
import { hasStateMachine, type SdkContext, type StateMachineContext } from "./StateMachine.ts"
import { VmJournal } from "./VmJournal.ts"

export type MakeJournal = (context: SdkContext, explicitCancellation: boolean) => Journal

/** On the SDK's public promises: works with every version of it. */
export const sdkJournal: MakeJournal = (context, explicitCancellation) => new SdkJournal(context, explicitCancellation)

/** Classes of contexts that have the state machine: a class makes all of its contexts alike, and looking costs as much as a step. */
const known = new WeakSet<object>()

const isKnown = (context: SdkContext): context is StateMachineContext => {
  const prototype: object = Object.getPrototypeOf(context)
  if (known.has(prototype)) return true
  const isFit = hasStateMachine(context)
  // An object of no class has members of its own.
  if (isFit && prototype !== Object.prototype) known.add(prototype)
  return isFit
}

/** On the SDK's state machine where it is as this package knows it, else on its promises. Both promise the same. */
export const journalOf: MakeJournal = (context, explicitCancellation) =>
  isKnown(context) ? new VmJournal(context, explicitCancellation) : new SdkJournal(context, explicitCancellation)
