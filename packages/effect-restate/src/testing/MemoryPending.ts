import type { Pending } from "../attempt/Journal.ts"
import type { Entry } from "./Invocation.ts"

/** An entry of a journal in memory, with what this attempt reads and runs. No entry: the attempt is over. */
export class MemoryPending implements Pending {
  readonly _tag = "Pending"
  readonly entry: Entry | undefined
  readonly decode: (bytes: Uint8Array) => unknown
  readonly execute: (() => void) | undefined

  constructor(entry: Entry | undefined, decode: (bytes: Uint8Array) => unknown, execute?: () => void) {
    this.entry = entry
    this.decode = decode
    this.execute = execute
  }
}

/** An answer that is known without waiting. */
export class KnownPending extends MemoryPending {
  readonly read: () => unknown

  constructor(read: () => unknown) {
    super(undefined, () => undefined)
    this.read = read
  }
}
