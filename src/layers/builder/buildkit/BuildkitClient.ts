import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client, credentials, status } from "@grpc/grpc-js"
import { Data, Effect, Redacted, type Scope } from "effect"
import { upgradeProxy } from "./DockerUpgrade.ts"
import { ControlService, type InfoResponse } from "./descriptors.ts"

/** The address of a BuildKit daemon. */
export interface BuildkitAddress {
  /**
   * `tcp://host:port` or `unix:///path` of a buildkitd, or `docker:///path` for the socket of a Docker Engine 23 or later
   * that uses containerd's image store.
   */
  readonly address: string
  readonly tls?: BuildkitTls
}

/** PEM. Client certificate and key together, for a daemon with mutual TLS. */
export interface BuildkitTls {
  readonly ca: string | null
  readonly client: { readonly certificate: string; readonly key: Redacted.Redacted } | null
  /** The name in the daemon's certificate, if it differs from the host of the address. */
  readonly serverName: string | null
}

// BuildKit's own limit: a status message holds all log lines since the last one.
const maxMessage = 64 * 1024 * 1024

const channelOptions = (serverName: string | null) => ({
  "grpc.max_receive_message_length": maxMessage,
  "grpc.max_send_message_length": maxMessage,
  // A build may send nothing for minutes. Keepalive detects a lost daemon within one minute.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // Otherwise gRPC uses grpc_proxy, https_proxy and http_proxy of the environment.
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

/** The gRPC target. A Docker Engine is reached through a proxy socket that only this user can open. */
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

/** A channel to BuildKit until the scope closes. It connects with the first call, so opening it never fails. */
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

/** BuildKit is unavailable. */
export class BuildkitUnavailable extends Data.TaggedError("BuildkitSilent")<{
  readonly reason: "unreachable" | "timeout" | "denied"
}> {}

const reasonOfCode = (code: status): BuildkitUnavailable["reason"] => {
  if (code === status.DEADLINE_EXCEEDED) return "timeout"
  return code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED ? "denied" : "unreachable"
}

/**
 * The daemon ignores source policies and would read any source that a Dockerfile names. BuildKit 0.11 added them together with
 * the call that returns its version; Docker Engine 24 is the first with it.
 */
export class BuildkitTooOld extends Data.TaggedError("BuildkitTooOld")<{ readonly version: string | null }> {
  override get message(): string {
    const found = this.version === null ? "it does not know its version" : `it is ${this.version}`
    return `BuildKit is too old to keep a build from reading other images and repositories (${found}): 0.11 or Docker Engine 24 is needed`
  }
}

/** Releases are `v0.<minor>.<patch>`. A Docker Engine reports `v0.0.0+unknown`; that it responds at all shows 0.11 or later. */
const isTooOld = (version: string): boolean => /^v0\.(?:[1-9]|10)\./.test(version)

/** The daemon's version, if it responds within the timeout and enforces source policies. */
export const ping = (
  client: Client,
  timeoutMillis: number
): Effect.Effect<string, BuildkitUnavailable | BuildkitTooOld> =>
  Effect.async((resume) => {
    const { path, requestSerialize, responseDeserialize } = ControlService.Info
    const call = client.makeUnaryRequest<object, InfoResponse>(
      path,
      requestSerialize,
      responseDeserialize,
      {},
      // gRPC deadlines use the wall clock, not Effect's Clock.
      { deadline: Date.now() + timeoutMillis },
      (error, answer) => {
        if (error?.code === status.UNIMPLEMENTED) return resume(new BuildkitTooOld({ version: null }))
        if (error !== null) return resume(new BuildkitUnavailable({ reason: reasonOfCode(error.code) }))
        const version = answer?.buildkitVersion?.version ?? ""
        resume(isTooOld(version) ? new BuildkitTooOld({ version }) : Effect.succeed(version))
      }
    )
    return Effect.sync(() => call.cancel())
  })
