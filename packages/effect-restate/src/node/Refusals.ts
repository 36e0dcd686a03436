import type * as http from "node:http"
import type { LoggerTransport } from "@restatedev/restate-sdk"
import { Effect, type Scope } from "effect"

/** From which status on a request is refused: the SDK answers so instead of running a handler. */
const firstRefusal = 400

/** At most one line in this time, whatever comes. */
const reportInterval = "1 minute"

/** What an answer turned out to be. */
export interface OnAnswer {
  readonly accepted: () => void
  readonly refused: () => void
}

interface Line {
  readonly parameters: Parameters<LoggerTransport>
}

/** Counts the requests that the SDK refuses, and keeps what it says about each of them out of the log. */
export interface Refusals {
  /** What the SDK is given in place of the logger. */
  readonly logger: LoggerTransport
  /** Lets the SDK answer one request; tells as soon as the answer's status is known. */
  readonly watch: (response: http.ServerResponse, answer: () => void, on: OnAnswer) => void
}

/** Calls `onStatus` before the head of the answer is written. */
const beforeHead = (response: http.ServerResponse, onStatus: (status: number) => void): void => {
  const writeHead = response.writeHead
  response.writeHead = (status: number, ...rest: ReadonlyArray<unknown>): http.ServerResponse => {
    response.writeHead = writeHead
    onStatus(status)
    return Reflect.apply(writeHead, response, [status, ...rest])
  }
}

/**
 * Sends a refusal as one write whose failure is of no interest. The SDK reports each caller that has left before its
 * answer as an unexpected error, and a caller can do that as often as it likes.
 */
const sendQuietly = (response: http.ServerResponse): void => {
  let body: unknown
  const write = (chunk: unknown, done: () => void): boolean => {
    body = chunk
    done()
    return true
  }
  const end = (done: () => void): http.ServerResponse => {
    for (const own of ["write", "end"]) Reflect.deleteProperty(response, own)
    if (!response.destroyed) response.end(body)
    done()
    return response
  }
  Object.assign(response, { write, end })
}

/** Runs `report` when the latch opens, and waits for an interval before it waits for the latch again. */
const reportEach = (some: Effect.Latch, report: Effect.Effect<void>) =>
  some.await.pipe(
    Effect.zipRight(some.close),
    Effect.zipRight(report),
    Effect.zipRight(Effect.sleep(reportInterval)),
    Effect.forever,
    Effect.forkScoped
  )

/**
 * The first refusal is logged at once, then a line a minute as long as there are more. `inner` gets the SDK's other lines.
 * A line has the number of refusals since the last one and what the SDK said about the latest of them.
 */
export const countRefusals = (inner: LoggerTransport): Effect.Effect<Refusals, never, Scope.Scope> =>
  Effect.gen(function* () {
    const some = yield* Effect.makeLatch(false)
    let count = 0
    let latest = ""
    let held: Array<Line> | undefined
    const report = Effect.suspend(() => {
      if (count === 0) return Effect.void
      const line = Effect.logWarning("Refused requests that are not Restate's", { count, latest })
      count = 0
      return line
    })
    yield* reportEach(some, report)
    yield* Effect.addFinalizer(() => report)

    const refuse = (status: number, lines: ReadonlyArray<Line>): void => {
      count += 1
      latest = [status, ...lines.map(({ parameters: [, message] }) => message)].join(" ")
      some.unsafeOpen()
    }
    return {
      logger: (...parameters) => {
        if (held === undefined) inner(...parameters)
        else held.push({ parameters })
      },
      watch: (response, answer, on) => {
        let refusal: number | undefined
        beforeHead(response, (status) => {
          if (status < firstRefusal) return on.accepted()
          refusal = status
          sendQuietly(response)
          on.refused()
        })
        // The SDK decides, says why and writes the head before it waits for anything.
        const lines: Array<Line> = []
        held = lines
        try {
          answer()
        } finally {
          held = undefined
        }
        if (refusal === undefined) for (const { parameters } of lines) inner(...parameters)
        else refuse(refusal, lines)
      }
    }
  })
