import type { Journal } from "./Journal.ts"
import { SdkJournal } from "./SdkJournal.ts"
import { hasStateMachine, type SdkContext } from "./StateMachine.ts"
import { VmJournal } from "./VmJournal.ts"

export type MakeJournal = (context: SdkContext, explicitCancellation: boolean) => Journal

/** On the SDK's public promises: works with every version of it. */
export const sdkJournal: MakeJournal = (context, explicitCancellation) => new SdkJournal(context, explicitCancellation)

/** On the SDK's state machine where it is as this package knows it, else on its promises. Both promise the same. */
export const journalOf: MakeJournal = (context, explicitCancellation) =>
  hasStateMachine(context)
    ? new VmJournal(context, explicitCancellation)
    : new SdkJournal(context, explicitCancellation)
