import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient, Undici } from "@effect/platform-node"
import { Context, Duration, Effect, Layer } from "effect"
import { ChallengeTestServer } from "./ChallengeTestServer.ts"
import { type LocalAuthority, localAuthority } from "./LocalAuthority.ts"
import { pebbleProgram } from "./PebbleProgram.ts"
import { freePort } from "./Port.ts"
import { type ManagedProcess, type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory, RunDirectoryLive } from "./RunDirectory.ts"
import type { StackFailure } from "./StackFailure.ts"

export interface PebbleOptions {
  /** Percentage of valid nonces that it rejects. Default 0. */
  readonly nonceRejection?: number
  /** Percentage of orders in which it reuses a valid authorization. Default 0. */
  readonly authorizationReuse?: number
  /** Maximum random delay before validation, in whole seconds. Default: none. */
  readonly validationDelay?: Duration.DurationInput
  /** Additional roots, and so chains. Default: none. */
  readonly alternateRoots?: number
  /** Intermediates between a root and a certificate, from 1 to 3. Default one. */
  readonly chainLength?: number
  /** Rejects requests that a future version of ACME or Pebble may reject. Default false. */
  readonly strict?: boolean
  /** Validity of certificates. Default 90 days. */
  readonly validity?: Duration.DurationInput
  /** Key ids with HMAC keys in base64url; if any, accounts need an external account binding. */
  readonly externalAccounts?: Readonly<Record<string, string>>
  readonly blockedDomains?: ReadonlyArray<string>
  /** Port of HTTP-01 requests. Default: the challenge test server's. */
  readonly httpPort?: number
}

/** Let's Encrypt's test CA, with state in memory only. */
export class Pebble extends Context.Tag("ctrl-worker/dev/Pebble")<
  Pebble,
  {
    readonly directoryUrl: string
    /** PEM of the root behind its own TLS certificate. */
    readonly tlsRoot: string
    /** The same as a file, for other processes. */
    readonly tlsRootFile: string
    /** PEM of its root certificates, the default one first. */
    readonly roots: Effect.Effect<ReadonlyArray<string>>
    readonly process: ManagedProcess
  }
>() {}

const configuration = (
  options: PebbleOptions,
  place: { readonly address: string; readonly management: string; readonly folder: string; readonly httpPort: number }
) => {
  const { blockedDomains = [], externalAccounts = {}, validity = Duration.days(90) } = options
  const validityPeriod = Duration.toSeconds(validity)
  return {
    pebble: {
      listenAddress: place.address,
      managementListenAddress: place.management,
      certificate: join(place.folder, "certificate.pem"),
      privateKey: join(place.folder, "key.pem"),
      httpPort: place.httpPort,
      tlsPort: place.httpPort,
      ocspResponderURL: "",
      externalAccountBindingRequired: Object.keys(externalAccounts).length > 0,
      externalAccountMACKeys: externalAccounts,
      domainBlocklist: blockedDomains,
      retryAfter: { authz: 1, order: 1 },
      certificateValidityPeriod: validityPeriod,
      // Newer versions use profiles instead, and choose a random one if an order names none.
      profiles: { default: { description: "the only one", validityPeriod } }
    }
  }
}

/** Environment settings are for the user's own Pebble. */
const inheritedEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PEBBLE_")))

const environment = (options: PebbleOptions) => ({
  ...inheritedEnvironment(),
  PEBBLE_WFE_NONCEREJECT: String(options.nonceRejection ?? 0),
  PEBBLE_AUTHZREUSE: String(options.authorizationReuse ?? 0),
  PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
  PEBBLE_CHAIN_LENGTH: String(options.chainLength ?? 1),
  ...(options.validationDelay === undefined
    ? { PEBBLE_VA_NOSLEEP: "1" }
    : { PEBBLE_VA_SLEEPTIME: String(Duration.toSeconds(options.validationDelay)) })
})

/** Trusts only the CA's own TLS certificate. */
const trusting = ({ root }: LocalAuthority) =>
  Effect.acquireRelease(
    Effect.sync(() => new Undici.Agent({ connect: { ca: root } })),
    (agent) => Effect.promise(() => agent.destroy())
  ).pipe(
    Effect.map(NodeHttpClient.makeUndici),
    Effect.map(HttpClient.filterStatusOk),
    // Newer versions require a User-Agent.
    Effect.map(HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", "control-plane-worker")))
  )

const start = (options: PebbleOptions) =>
  Effect.gen(function* () {
    const { authority } = yield* pebbleProgram
    const challenges = yield* ChallengeTestServer
    const folder = yield* (yield* RunDirectory).folderFor("pebble")
    const ports = yield* Effect.all({ acme: freePort, management: freePort })
    const tls = yield* localAuthority
    const place = {
      address: `127.0.0.1:${ports.acme}`,
      management: `127.0.0.1:${ports.management}`,
      folder,
      httpPort: options.httpPort ?? challenges.httpPort
    }
    const write = (name: string, content: string) =>
      Effect.promise(() => writeFile(join(folder, name), content, { mode: 0o600 }))
    yield* write("root.pem", tls.root)
    yield* write("certificate.pem", tls.certificate)
    yield* write("key.pem", tls.key)
    yield* write("configuration.json", JSON.stringify(configuration(options, place)))
    const processOptions: ProcessOptions = {
      component: "Pebble",
      command: authority,
      args: [
        "-config",
        join(folder, "configuration.json"),
        "-dnsserver",
        challenges.dns,
        ...(options.strict ? ["-strict"] : [])
      ],
      env: environment(options),
      logFile: join(folder, "server.log")
    }
    const http = yield* trusting(tls)
    const get = (url: string) => Effect.flatMap(http.get(url), (response) => response.text)
    const directoryUrl = `https://${place.address}/dir`
    const server = yield* startProcess(processOptions)
    yield* untilReady(processOptions, server, Effect.asVoid(get(directoryUrl)))
    return Pebble.of({
      directoryUrl,
      tlsRoot: tls.root,
      tlsRootFile: join(folder, "root.pem"),
      process: server,
      roots: Effect.forEach(
        Array.from({ length: 1 + (options.alternateRoots ?? 0) }, (_, index) => index),
        (index) => get(`https://${place.management}/roots/${index}`)
      ).pipe(Effect.orDie)
    })
  }).pipe(
    Effect.retry({ times: 2, while: (failure) => failure._tag === "ComponentFailed" && failure.reason === "ended" })
  )

/** A Pebble on free ports of 127.0.0.1, for the layer's lifetime, that resolves names through the challenge test server. */
export const pebble = (options: PebbleOptions = {}): Layer.Layer<Pebble, StackFailure, ChallengeTestServer> =>
  Layer.scoped(Pebble, start(options)).pipe(Layer.provide(RunDirectoryLive))
