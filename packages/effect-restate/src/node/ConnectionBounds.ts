import { Duration } from "effect"

/**
 * What callers may take of a process before they have shown that they are Restate. Anyone who reaches the port may open
 * connections; the bounds keep what they hold small, and never end a connection of Restate that works.
 */
export interface ConnectionBounds {
  /** Open connections. Beyond it the oldest one that has carried no accepted request makes room; where all have, the new one is closed. */
  readonly connections: number
  /** HTTP/2 streams that one connection may have open (RFC 9113, section 6.5.2, SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly streams: number
  /**
   * From the start of a connection, or from the end of its latest request, to the complete head of its next one, as long as
   * the connection has carried no accepted request.
   */
  readonly silence: Duration.DurationInput
  /** Without a request, for a connection that has carried an accepted one. It ends with GOAWAY. */
  readonly idle: Duration.DurationInput
  /**
   * Attempts that run at the same time, 0.3 MiB each. Of further ones each waits for a place, and has the oldest of those that run
   * suspended: at once where it waits, after its step where one runs. Nothing is refused, and no attempt counts as failed.
   */
  readonly attempts: number
  /** The head of one request, names and values. More is answered with 431, on HTTP/2 with RST_STREAM. */
  readonly headerBytes: number
}

/**
 * Restate 1.7 (`restate-server --dump-config`) opens 128 streams on a connection (`http2-streams-per-connection-limit`) and
 * 1,000 invocations at a time (`concurrent-invocations-limit`), so eight connections of each server. It sends its first request
 * within `connect-timeout`, 10 s, pings every 40 s, and closes a connection itself that was idle for 5 minutes. A signed
 * request's head has less than 2 KiB.
 */
export const defaultBounds: ConnectionBounds = {
  connections: 1_000,
  streams: 1_024,
  silence: "30 seconds",
  idle: "10 minutes",
  attempts: 512,
  headerBytes: 16_384
}

/** A deadline of one connection, that each request puts off. */
export interface Deadline {
  /** The connection has carried an accepted request. May be repeated. */
  readonly accepted: () => void
  /** A request has begun. */
  readonly began: () => void
  /** A request has ended, with whatever answer. */
  readonly ended: () => void
  readonly clear: () => void
}

export interface OnDeadline {
  /** It has carried no accepted request: there is no peer that GOAWAY would help. */
  readonly silent: () => void
  readonly idle: () => void
}

/**
 * Requests that are not accepted put the deadline off when they end, never while they run: all of them are answered within a
 * second, and a caller that does not read its answers must not hold a connection with them.
 */
export const watchDeadline = (bounds: ConnectionBounds, on: OnDeadline): Deadline => {
  const silenceMillis = Duration.toMillis(bounds.silence)
  const idleMillis = Duration.toMillis(bounds.idle)
  let isAccepted = false
  let inFlight = 0
  let timer: NodeJS.Timeout | undefined
  const arm = (): void => {
    clearTimeout(timer)
    timer = isAccepted ? setTimeout(on.idle, idleMillis) : setTimeout(on.silent, silenceMillis)
    timer.unref()
  }
  arm()
  return {
    accepted: () => {
      isAccepted = true
      clearTimeout(timer)
    },
    began: () => {
      inFlight += 1
      if (isAccepted) clearTimeout(timer)
    },
    ended: () => {
      inFlight -= 1
      if (!isAccepted || inFlight === 0) arm()
    },
    clear: () => clearTimeout(timer)
  }
}
