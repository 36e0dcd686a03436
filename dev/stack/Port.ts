import { randomInt } from "node:crypto"
import { createServer } from "node:net"
import { Effect } from "effect"

/** Below Linux's ephemeral range (32768 and up), so that no outgoing connection takes a port between check and use. */
const lowest = 15_000
const highest = 32_000

const isFree = (port: number) =>
  Effect.async<boolean>((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(true))))
  })

/** Allocated by this process but perhaps not bound yet: two components must not get the same port. */
const given = new Set<number>()

const take = (port: number) =>
  Effect.map(isFree(port), (free) => {
    if (!free || given.has(port)) return false
    given.add(port)
    return true
  })

/** A free port. Another process may take it first, so the caller must be ready to retry. */
export const freePort: Effect.Effect<number> = Effect.sync(() => randomInt(lowest, highest)).pipe(
  Effect.tap((port) => Effect.filterOrFail(take(port), (taken) => taken)),
  Effect.retry({ times: 100 }),
  Effect.orDie
)
