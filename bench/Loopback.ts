import type { createEndpointHandler } from "@restatedev/restate-sdk/fetch"
import { bytesField, frame, framesIn, messageType, numberField, readField } from "./protocol.ts"

type Endpoint = ReturnType<typeof createEndpointHandler>

const text = (value: string): Buffer => Buffer.from(value)

/** What an attempt reads: chunks appear as they are written, and reading waits for them. */
class Chunks implements AsyncIterable<Uint8Array> {
  readonly #ready: Array<Uint8Array> = []
  #closed = false
  #wake: () => void = () => {}

  write(chunk: Uint8Array): void {
    this.#ready.push(chunk)
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#ready.shift()
      if (chunk !== undefined) yield chunk
      else if (this.#closed) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}

/**
 * Plays the Restate server for one attempt of one invocation, in this process: the SDK, its state machine and the
 * handler are real, the network and the server are not. A step's result is acknowledged on the next turn of the event loop.
 */
export class Loopback {
  readonly #bare: Endpoint
  readonly #ours: Endpoint
  #invocations = 0

  constructor(endpoints: { readonly bare: Endpoint; readonly ours: Endpoint }) {
    this.#bare = endpoints.bare
    this.#ours = endpoints.ours
  }

  /** Runs an invocation to its end and answers with its output. */
  async invoke(service: string, handler: string, input: string): Promise<string> {
    const toHandler = new Chunks()
    const id = `inv_${this.#invocations++}`
    toHandler.write(
      Buffer.concat([
        frame(
          messageType.start,
          bytesField(1, text(id)),
          bytesField(2, text(id)),
          numberField(3, 1),
          bytesField(6, text("key"))
        ),
        frame(messageType.input, bytesField(14, bytesField(1, text(input))))
      ])
    )
    // The SDK reads the URL, the headers, the body and the signal only; a real Request would be most of what is measured.
    const request = {
      url: `http://localhost/invoke/${service}/${handler}`,
      headers: new Headers({ "content-type": "application/vnd.restate.invocation.v6" }),
      body: toHandler,
      signal: new AbortController().signal
    } as unknown as Request
    const response = await (service === "Bare" ? this.#bare : this.#ours)(request)
    if (response.status !== 200 || response.body === null) throw new Error(`${service}/${handler}: ${response.status}`)
    let output: string | undefined
    for await (const chunk of response.body) {
      for (const { type, body } of framesIn(chunk)) {
        if (type === messageType.proposeRunCompletion) acknowledge(toHandler, body)
        else if (type === messageType.output) output = outputOf(body)
        else if (type === messageType.end) toHandler.close()
      }
    }
    if (output === undefined) throw new Error(`${service}/${handler} ended without an output`)
    return output
  }
}

const acknowledge = (toHandler: Chunks, proposal: Uint8Array): void => {
  const id = readField(proposal, 1)
  const value = readField(proposal, 14)
  if (typeof id !== "number" || !(value instanceof Uint8Array)) throw new Error("a step failed")
  const result = bytesField(5, bytesField(1, value))
  setImmediate(() => toHandler.write(frame(messageType.runCompletion, numberField(1, id), result)))
}

const outputOf = (message: Uint8Array): string => {
  const value = readField(message, 14)
  const content = value instanceof Uint8Array ? readField(value, 1) : undefined
  return content instanceof Uint8Array ? Buffer.from(content).toString() : ""
}
