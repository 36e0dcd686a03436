import { TerminalError } from "@restatedev/restate-sdk"
import type { EntryKind } from "./ContextJournal.ts"
import type { Completion, Pending } from "./Journal.ts"
import type { Awaited, Notification, StateMachineContext, WireFailure } from "./StateMachine.ts"

const terminal = ({ code, message, metadata = [] }: WireFailure): TerminalError =>
  new TerminalError(message, {
    errorCode: code,
    metadata: Object.fromEntries(metadata.map(({ key, value }) => [key, value]))
  })

/** An entry as the state machine knows it. */
export class VmPending implements Pending {
  readonly _tag = "Pending"
  readonly handle: number
  readonly awaited: Awaited
  readonly kind: EntryKind
  readonly #decode: (bytes: Uint8Array) => unknown
  /** The state machine tells it once, and the entry may be awaited again. */
  completion: Completion | undefined

  constructor(handle: number, kind: EntryKind, decode: (bytes: Uint8Array) => unknown) {
    this.handle = handle
    this.awaited = { Single: handle }
    this.kind = kind
    this.#decode = decode
  }

  /** Fails when the codec of the endpoint cannot read the bytes; what the entry's own schema cannot read is a completion. */
  async complete(notification: Notification, codec: StateMachineContext["journalValueCodec"]): Promise<Completion> {
    this.completion =
      typeof notification === "object" && "Success" in notification
        ? this.#read(await codec.decode(notification.Success))
        : this.#withoutBytes(notification)
    return this.completion
  }

  #read(bytes: Uint8Array): Completion {
    try {
      return { ok: true, value: this.#decode(bytes) }
    } catch (error) {
      return { ok: false, error }
    }
  }

  #withoutBytes(notification: Exclude<Notification, { readonly Success: Uint8Array }>): Completion {
    if (notification === "Empty") return { ok: true, value: this.kind === "state" ? null : undefined }
    if (notification === "NotReady") return { ok: false, error: new TypeError("an entry completed that is not ready") }
    if ("Failure" in notification) return { ok: false, error: terminal(notification.Failure) }
    return { ok: true, value: "InvocationId" in notification ? notification.InvocationId : notification.StateKeys }
  }
}
