import type { Stored } from "./Invocation.ts"

/** Signals that were sent before they were awaited. One of the same name takes the place of another. */
export class Signals {
  readonly #sent = new Map<string, Stored>()

  keep(invocationId: string, name: string, signal: Stored): void {
    this.#sent.set(`${invocationId}/${name}`, signal)
  }

  take(invocationId: string, name: string): Stored | undefined {
    const key = `${invocationId}/${name}`
    const signal = this.#sent.get(key)
    this.#sent.delete(key)
    return signal
  }
}
