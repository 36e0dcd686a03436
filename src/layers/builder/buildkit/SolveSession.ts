import { randomBytes } from "node:crypto"
import { Duplex } from "node:stream"
import {
  type Client,
  type ClientDuplexStream,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status
} from "@grpc/grpc-js"
import { Effect, Redacted, type Runtime, type Scope } from "effect"
import { AuthService, ControlService, HealthService, SecretsService } from "./descriptors.ts"
import { authHandlers, type SessionRegistry } from "./SessionAuth.ts"

/** Services that a build may call while it runs. Other calls return UNIMPLEMENTED. */
export interface SessionServices {
  /** By secret id. */
  readonly secrets: ReadonlyMap<string, Redacted.Redacted>
  readonly registry: SessionRegistry
}

interface Bytes {
  readonly data: Buffer
}

type Unary<Request, Response> = (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => void

const getSecret =
  ({ secrets }: SessionServices): Unary<{ readonly id: string }, Bytes> =>
  ({ request }, answer) => {
    const secret = secrets.get(request.id)
    if (secret === undefined) return answer({ code: status.NOT_FOUND, details: "no such secret" })
    answer(null, { data: Buffer.from(Redacted.value(secret)) })
  }

const healthy: Unary<object, { readonly status: number }> = (_, answer) => answer(null, { status: 1 })

const exposed = (): ReadonlyArray<string> =>
  [SecretsService, AuthService, HealthService].flatMap((service) => Object.values(service).map(({ path }) => path))

const metadata = (id: string): Metadata => {
  const described = new Metadata()
  described.set("x-docker-expose-session-uuid", id)
  described.set("x-docker-expose-session-name", "worker")
  // A shared key would share synced files between sessions; nothing is synced here.
  described.set("x-docker-expose-session-sharedkey", "")
  for (const method of exposed()) described.add("x-docker-expose-session-grpc-method", method)
  return described
}

/** The call's messages as one byte stream. */
const bytesOver = (call: ClientDuplexStream<Bytes, Bytes>): Duplex => {
  const stream = new Duplex({
    read: () => void call.resume(),
    write: (data: Buffer, _, done) => void call.write({ data }, () => done()),
    final: (done) => {
      call.end()
      done()
    },
    destroy: (error, done) => {
      call.cancel()
      done(error)
    }
  })
  call.on("data", ({ data }: Bytes) => {
    if (!stream.push(data)) call.pause()
  })
  call.on("end", () => stream.push(null))
  // The solve call reports how the build ends; the session's end is not an error.
  call.on("error", () => stream.destroy())
  stream.on("error", () => undefined)
  return stream
}

const serve = (offers: SessionServices, runtime: Runtime.Runtime<never>): Server => {
  const server = new Server()
  server.addService(SecretsService, { GetSecret: getSecret(offers) })
  server.addService(AuthService, authHandlers(offers.registry, runtime))
  server.addService(HealthService, { Check: healthy })
  return server
}

/**
 * Opens a session and returns its id. Roles are reversed in a session: the daemon calls this worker over the bytes of one
 * streaming call. When the session ends the daemon cancels its builds, so a dead worker leaves no build behind.
 */
export const openSession = (client: Client, offers: SessionServices): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(Effect.runtime<never>(), (runtime) => {
      const id = randomBytes(16).toString("hex")
      const { path, requestSerialize, responseDeserialize } = ControlService.Session
      const call = client.makeBidiStreamRequest<Bytes, Bytes>(path, requestSerialize, responseDeserialize, metadata(id))
      const server = serve(offers, runtime)
      server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(bytesOver(call))
      return { id, call, server }
    }),
    ({ call, server }) =>
      Effect.sync(() => {
        server.forceShutdown()
        call.cancel()
      })
  ).pipe(Effect.map(({ id }) => id))
