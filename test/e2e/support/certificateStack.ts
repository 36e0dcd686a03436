import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Either, Layer } from "effect"
import { frontline } from "../../../dev/simulators/Frontline.ts"
import { Route53Server, route53Server } from "../../../dev/simulators/Route53Server.ts"
import { StandInCa, standInCa } from "../../../dev/simulators/StandInCa.ts"
import { VaultServer, vaultServer } from "../../../dev/simulators/VaultServer.ts"
import { ChallengeTestServer, challengeTestServer } from "../../../dev/stack/ChallengeTestServer.ts"
import { Pebble, type PebbleOptions, pebble } from "../../../dev/stack/Pebble.ts"
import { freePort } from "../../../dev/stack/Port.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { vaultEnvironment } from "../../../dev/stack/Vault.ts"
import { delegatedRecord } from "../../../src/workflows/challenge/recordOf.ts"
import { domainId } from "../../support/memory/certificateSeeds.ts"
import { proxiedStack, type StackOptions, stack } from "./Stack.ts"
import type { WorkerProxyOptions } from "./WorkerProxy.ts"

/**
 * The platform's own apex. Which name it is matters: the certificates that are missing are asked for within a minute,
 * each at an instant that its name decides, and that of this one's wildcard is the first.
 */
export const platformDomain = "platform-92.test"

/** The domain of ours to which owners of wildcard domains delegate their challenges. */
export const delegationZone = "challenges.test"

/** What the worker is told for the Route 53 it uses. */
export const route53Login = { accessKeyId: "AKIDTEST", secretAccessKey: "route53-secret-of-tests" }

export interface CertificateStackOptions {
  /** The CA behind the one that the worker is told of, which counts and can be scripted. */
  readonly pebble?: Omit<PebbleOptions, "httpPort">
  /** Whether an order that is asked for again is the one that is still open, as at Let's Encrypt. Default true. */
  readonly reusesOrders?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly restate?: StackOptions["restate"]
  /** Puts a proxy between Restate and the worker that looks at every message. */
  readonly inspect?: WorkerProxyOptions["inspect"]
}

const authority = ({ pebble: options = {}, reusesOrders = true }: CertificateStackOptions, httpPort: number) =>
  Layer.unwrapEffect(Effect.map(Pebble, (inFrontOf) => standInCa({ inFrontOf, reusesOrders }))).pipe(
    Layer.provideMerge(pebble({ ...options, httpPort }))
  )

/** The zones of the platform; what stands in them is what the DNS server says. */
const zones = Layer.unwrapEffect(
  Effect.map(ChallengeTestServer, (dns) =>
    route53Server({
      zones: [platformDomain, delegationZone],
      publish: (name, values) =>
        Effect.zipRight(
          dns.clearTxt(name),
          Effect.forEach(values, (value) => dns.addTxt(name, value), { discard: true })
        )
    })
  )
)

const environment = Effect.gen(function* () {
  const { directoryUrl, tlsRoot } = yield* StandInCa
  const { dns } = yield* ChallengeTestServer
  const { endpoint } = yield* Route53Server
  const folder = yield* (yield* RunDirectory).folderFor("authority")
  const rootFile = join(folder, "root.pem")
  yield* Effect.promise(() => writeFile(rootFile, tlsRoot))
  return {
    ...(yield* vaultEnvironment),
    WORKER_DEFAULT_DOMAIN: platformDomain,
    WORKER_ACME_ENABLED: "true",
    WORKER_ACME_EMAIL_DOMAIN: platformDomain,
    WORKER_ACME_DIRECTORY_URL: directoryUrl,
    WORKER_ACME_DIRECTORY_CA_FILE: rootFile,
    WORKER_ACME_DELEGATION_DOMAIN: delegationZone,
    WORKER_ACME_ROUTE53_ENABLED: "true",
    WORKER_ACME_ROUTE53_ACCESS_KEY_ID: route53Login.accessKeyId,
    WORKER_ACME_ROUTE53_SECRET_ACCESS_KEY: route53Login.secretAccessKey,
    WORKER_ACME_ROUTE53_ENDPOINT: endpoint,
    WORKER_DNS_RESOLVERS: dns,
    WORKER_DNS_AUTHORITATIVE_SERVERS: dns
  }
})

const worker = ({ env = {}, inspect, restate }: CertificateStackOptions) =>
  Layer.unwrapEffect(
    Effect.map(environment, (own) => {
      const options = { regions: ["local.dev"], env: { ...own, ...env }, ...(restate && { restate }) }
      return inspect === undefined ? stack(options) : proxiedStack({ ...options, workers: 1, inspect })
    })
  )

/**
 * A worker that obtains certificates from a real test CA: over HTTP-01 through a simulated frontline, over DNS-01 through
 * the SDK of a simulated Route 53 whose zones are published, with keys in a simulated vault. Everything is of this layer alone.
 */
export const certificateStack = (options: CertificateStackOptions = {}) =>
  Layer.unwrapEffect(
    Effect.map(freePort, (port) =>
      frontline({ port }).pipe(
        Layer.provideMerge(worker(options)),
        Layer.provideMerge(Layer.mergeAll(authority(options, port), zones, vaultServer())),
        Layer.provideMerge(Layer.merge(challengeTestServer({ answersHttp: false }), RunDirectoryLive))
      )
    )
  )

/** Opens the vault as an operator can. */
export const operatorToken = Effect.flatMap(VaultServer, ({ createToken }) => createToken({ ttl: 1_200 }))

/** Where the challenge of a seeded wildcard domain is answered. */
export const delegationOf = (domain: string): string =>
  Either.match(
    delegatedRecord(domainId(domain), { platformApexes: [platformDomain], delegationDomain: delegationZone }),
    {
      onLeft: ({ reason }) => reason,
      onRight: ({ name }) => name
    }
  )
