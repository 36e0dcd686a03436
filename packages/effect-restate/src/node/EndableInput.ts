import type { Readable } from "node:stream"

/** Of an attempt's input: longer than between two parts of a journal that is being sent, short against any drain. */
const silenceMillis = 50

const noMore: IteratorResult<Buffer, undefined> = { done: true, value: undefined }

type Read = ReturnType<typeof Promise.withResolvers<IteratorResult<Buffer>>>

/**
 * What Restate sends during an attempt, which can be ended here before Restate ends it. The SDK takes the end of its input
 * for Restate's own way to ask for suspension: a running step ends and is reported, then the attempt ends in good
 * order, and Restate goes on elsewhere once there is something to go on with. That costs no attempt of its retry policy.
 *
 * One reader takes one chunk at a time. Nothing is read before it asks, so that the sender's flow control holds what is not
 * wanted yet.
 */
export class EndableInput implements AsyncIterable<Buffer>, AsyncIterator<Buffer> {
  readonly #source: Readable
  /** The reader that waits for more. */
  #read: Read | undefined
  #isStarted = false
  #isEnding = false
  #isOver = false
  /** Why there is no more, if that is not the end. */
  #error: Error | undefined
  #silence: NodeJS.Timeout | undefined
  #lastLook: NodeJS.Immediate | undefined

  constructor(source: Readable) {
    this.#source = source
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this
  }

  next(): Promise<IteratorResult<Buffer>> {
    if (!this.#isStarted) this.#start()
    const chunk: Buffer | null = this.#isOver ? null : this.#source.read()
    if (chunk !== null) return Promise.resolve(this.#received(chunk))
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#isOver) return Promise.resolve(noMore)
    this.#read = Promise.withResolvers()
    return this.#read.promise
  }

  /** Ends the input at once and reads no more of it, for a request that is not going to be served. May be repeated. */
  abandon(): void {
    this.#settle()
  }

  /** Whether `end` was called. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  /** Ends the input once it is silent: an attempt that has not got its whole journal could only fail. May be repeated. */
  end(): void {
    this.#isEnding = true
    this.#listenForSilence()
  }

  #start(): void {
    this.#isStarted = true
    const source = this.#source
    source.on("readable", this.#onReadable)
    source.on("end", () => this.#settle())
    source.on("error", (error: Error) => this.#settle(error))
    source.on("close", () => this.#settle(new Error("the connection closed within a request")))
  }

  readonly #onReadable = (): void => {
    if (this.#isOver || this.#read === undefined) return
    const chunk: Buffer | null = this.#source.read()
    if (chunk === null) return
    const { resolve } = this.#read
    this.#read = undefined
    resolve(this.#received(chunk))
  }

  #received(chunk: Buffer): IteratorResult<Buffer> {
    if (this.#isEnding) this.#listenForSilence()
    return { done: false, value: chunk }
  }

  /** The first end counts: a stream closes after its end, and may fail after it was ended here. */
  #settle(error?: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    if (error === undefined) this.#read?.resolve(noMore)
    else this.#read?.reject(error)
    this.#read = undefined
  }

  #listenForSilence(): void {
    if (this.#isOver) return
    clearTimeout(this.#silence)
    clearImmediate(this.#lastLook)
    this.#silence = setTimeout(() => {
      // Timers run before sockets are read: after a pause of the event loop there may be more, which the next phase brings.
      this.#lastLook = setImmediate(() => this.#endNow())
    }, silenceMillis)
  }

  /** The rest is read and dropped, so that the connection is not held up by a body that is not used. */
  #endNow(): void {
    this.#settle()
    this.#source.off("readable", this.#onReadable)
    this.#source.resume()
  }
}
