/** Of an attempt's input: longer than between two parts of a journal that is being sent, short against any drain. */
const silenceMillis = 50

const noMore: IteratorResult<Buffer, undefined> = { done: true, value: undefined }

/** Reads to the end, so that the connection is not held up by a body that is not used. A connection that breaks has no rest. */
const discardRest = (chunks: AsyncIterator<Buffer>): Promise<unknown> =>
  chunks.next().then(
    ({ done }) => (done === true ? undefined : discardRest(chunks)),
    () => undefined
  )

/**
 * What Restate sends during an attempt, which can be ended here before Restate ends it. The SDK takes the end of its input
 * for Restate's own way to ask for suspension: a running step ends and is reported, then the attempt ends in good
 * order, and Restate goes on elsewhere once there is something to go on with. That costs no attempt of its retry policy.
 */
export class EndableInput implements AsyncIterable<Buffer> {
  readonly #chunks: AsyncIterator<Buffer>
  readonly #ended = Promise.withResolvers<typeof noMore>()
  #ending = false
  #abandoned = false
  #silence: NodeJS.Timeout | undefined
  #lastLook: NodeJS.Immediate | undefined

  constructor(input: AsyncIterable<Buffer>) {
    this.#chunks = input[Symbol.asyncIterator]()
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return { next: () => (this.#abandoned ? this.#ended.promise : Promise.race([this.#ended.promise, this.#read()])) }
  }

  /** Ends the input at once and reads no more of it, for a request that is not going to be served. May be repeated. */
  abandon(): void {
    this.#abandoned = true
    this.#ended.resolve(noMore)
  }

  /** Whether `end` was called. */
  get isEnding(): boolean {
    return this.#ending
  }

  /** Ends the input once it is silent: an attempt that has not got its whole journal could only fail. May be repeated. */
  end(): void {
    this.#ending = true
    this.#listenForSilence()
  }

  async #read(): Promise<IteratorResult<Buffer>> {
    const chunk = await this.#chunks.next()
    if (this.#ending) this.#listenForSilence()
    return chunk
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence)
    clearImmediate(this.#lastLook)
    this.#silence = setTimeout(() => {
      // Timers run before sockets are read: after a pause of the event loop there may be more, which the next phase brings.
      this.#lastLook = setImmediate(() => this.#endNow())
    }, silenceMillis)
  }

  #endNow(): void {
    this.#ended.resolve(noMore)
    void discardRest(this.#chunks)
  }
}
