import { HttpMiddleware, HttpServer, type HttpServerError } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import type { ConsoleServices } from "./ConsoleServices.ts"
import type { ConsoleSettings } from "./ConsoleSettings.ts"
import { makeConsoleApp } from "./consoleApp.ts"
import type { PageFiles } from "./pageFiles.ts"

/** The type of the function that creates Node's server. */
type CreateServer = Parameters<typeof NodeHttpServer.layerServer>[0]
type Server = ReturnType<CreateServer>

interface Address {
  readonly host: string
  readonly port: number
}

/** Browsers keep connections open, also unused ones. */
const maxConnections = 256
const headersTimeoutMillis = 5_000
const requestTimeoutMillis = 10_000

const bounded = (server: Server): Server =>
  Object.assign(server, { maxConnections, headersTimeout: headersTimeoutMillis, requestTimeout: requestTimeoutMillis })

/**
 * The console on its own port. Reading is not traced: pages read again every few seconds. Closing ends open connections.
 */
export const consoleServer = (
  createServer: CreateServer,
  options: Address,
  files: PageFiles
): Layer.Layer<never, HttpServerError.ServeError, ConsoleServices | ConsoleSettings> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const app = yield* makeConsoleApp(files)
      const server = bounded(createServer())
      const closeConnections = Layer.scopedDiscard(
        Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
      )
      return HttpServer.serve(app).pipe(
        Layer.merge(closeConnections),
        Layer.provide(NodeHttpServer.layerServer(() => server, options))
      )
    })
  ).pipe(HttpMiddleware.withTracerDisabledWhen(() => true))
