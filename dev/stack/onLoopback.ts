import type { Server as HttpServer } from "node:http"
import type { Server as HttpsServer } from "node:https"
import { Effect, type Scope } from "effect"

/** Listens on a free port of 127.0.0.1, and answers with it. When the scope closes, every connection is cut. */
export const onLoopback = (server: HttpServer | HttpsServer): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  ).pipe(
    Effect.map(() => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    })
  )
