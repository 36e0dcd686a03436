import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client, credentials, status } from "@grpc/grpc-js"
import { Data, Effect, Redacted, type Scope } from "effect"
import { upgradeProxy } from "./DockerUpgrade.ts"
import { ControlService, type InfoResponse } from "./descriptors.ts"

/** Where a BuildKit listens. */
export interface BuildkitAddress {
  /**
   * `tcp://host:port` or `unix:///path` of a buildkitd, or `docker:///path` for the socket of a Docker Engine 23 or later
   * that uses containerd's image store.
   */
  readonly address: string
  readonly tls?: BuildkitTls
}

/** PEM texts. Client certificate and key come together, for a daemon that asks for them. */
export interface BuildkitTls {
  readonly ca: string | null
  readonly client: { readonly certificate: string; readonly key: Redacted.Redacted } | null
  /** The name in the daemon's certificate, when it is not the host of the address. */
  readonly serverName: string | null
}

// BuildKit's own limit: a status message holds as many log lines as came meanwhile.
const maxMessage = 64 * 1024 * 1024

const channelOptions = (serverName: string | null) => ({
  "grpc.max_receive_message_length": maxMessage,
  "grpc.max_send_message_length": maxMessage,
  // A build may be silent for minutes; a daemon that vanished without a word is noticed within one.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // Otherwise grpc_proxy, https_proxy and http_proxy of the environment are taken.
  "grpc.enable_http_proxy": 0,
  ...(serverName === null ? {} : { "grpc.ssl_target_name_override": serverName, "grpc.default_authority": serverName })
})

const pem = (text: string | null) => (text === null ? null : Buffer.from(text))

const channelCredentials = (tls: BuildkitTls | undefined) =>
  tls === undefined
    ? credentials.createInsecure()
    : credentials.createSsl(
        pem(tls.ca),
        tls.client === null ? null : Buffer.from(Redacted.value(tls.client.key)),
        pem(tls.client?.certificate ?? null)
      )

const privateFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "buildkit-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** The address as gRPC wants it. A Docker Engine is reached through a socket of ours that only this user can open. */
const target = (address: string): Effect.Effect<string, never, Scope.Scope> => {
  if (address.startsWith("docker://")) {
    return Effect.gen(function* () {
      const socket = join(yield* privateFolder, "docker.sock")
      yield* upgradeProxy(address.slice("docker://".length), socket)
      return `unix:${socket}`
    })
  }
  return Effect.succeed(
    address.startsWith("unix://") ? `unix:${address.slice("unix://".length)}` : address.slice("tcp://".length)
  )
}

/** A channel to BuildKit until the scope closes. It connects with the first call, so this never fails. */
export const openBuildkit = (options: BuildkitAddress): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.gen(function* () {
    const where = yield* target(options.address)
    return yield* Effect.acquireRelease(
      Effect.sync(
        () => new Client(where, channelCredentials(options.tls), channelOptions(options.tls?.serverName ?? null))
      ),
      (client) => Effect.sync(() => client.close())
    )
  })

/** BuildKit does not answer. */
export class BuildkitSilent extends Data.TaggedError("BuildkitSilent")<{
  readonly reason: "unreachable" | "timeout" | "denied"
}> {}

const silence = (code: status): BuildkitSilent["reason"] => {
  if (code === status.DEADLINE_EXCEEDED) return "timeout"
  return code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED ? "denied" : "unreachable"
}

/**
 * The daemon does not know source policies and would read whatever a Dockerfile names. They came with BuildKit 0.11, in the
 * same release as the call that asks for the version; Docker Engine 24 is the first one with it.
 */
export class BuildkitTooOld extends Data.TaggedError("BuildkitTooOld")<{ readonly version: string | null }> {
  override get message(): string {
    const found = this.version === null ? "it does not know its version" : `it is ${this.version}`
    return `BuildKit is too old to keep a build from reading other images and repositories (${found}): 0.11 or Docker Engine 24 is needed`
  }
}

/**
 * Releases are `v0.<minor>.<patch>`. A Docker Engine says `v0.0.0+unknown` of its own BuildKit: it answers at least, which
 * none before 0.11 does.
 */
const isTooOld = (version: string): boolean => /^v0\.(?:[1-9]|10)\./.test(version)

/** The version of a BuildKit that answers within the time and enforces source policies. */
export const ping = (client: Client, timeoutMillis: number): Effect.Effect<string, BuildkitSilent | BuildkitTooOld> =>
  Effect.async((resume) => {
    const { path, requestSerialize, responseDeserialize } = ControlService.Info
    const call = client.makeUnaryRequest<object, InfoResponse>(
      path,
      requestSerialize,
      responseDeserialize,
      {},
      // gRPC takes a deadline as an instant of the wall clock, whatever clock the caller goes by.
      { deadline: Date.now() + timeoutMillis },
      (error, answer) => {
        if (error?.code === status.UNIMPLEMENTED) return resume(new BuildkitTooOld({ version: null }))
        if (error !== null) return resume(new BuildkitSilent({ reason: silence(error.code) }))
        const version = answer?.buildkitVersion?.version ?? ""
        resume(isTooOld(version) ? new BuildkitTooOld({ version }) : Effect.succeed(version))
      }
    )
    return Effect.sync(() => call.cancel())
  })
