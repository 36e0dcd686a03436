import { createHash } from "node:crypto"
import { Context, Effect, Layer, Logger, LogLevel, Schedule } from "effect"
import { ChallengeTestServer, challengeTestServer } from "../../../dev/stack/ChallengeTestServer.ts"
import { Pebble, type PebbleOptions, pebble } from "../../../dev/stack/Pebble.ts"
import { AcmeClientLive, type AcmeClientOptions } from "../../../src/layers/acme/AcmeClientLive.ts"
import { PkiLive } from "../../../src/layers/PkiLive.ts"
import { Acme, type AcmeError } from "../../../src/services/certificate/Acme.ts"
import { CaWorld, type PresentedChallenge } from "../../services/Acme.contract.ts"

type ClientOptions = Partial<AcmeClientOptions>

/** A client of the running Pebble. */
export const pebbleClient = (options: ClientOptions = {}) =>
  Layer.unwrapEffect(
    Effect.map(Pebble, ({ directoryUrl, tlsRoot }) =>
      AcmeClientLive({ directoryUrl, contactEmail: "acme@contract.test", certificateAuthorities: tlsRoot, ...options })
    )
  )

/** Retries while the CA is unavailable, as a durable step does. A rejected nonce had no effect, so that is safe. */
const patient = <A>(effect: Effect.Effect<A, AcmeError>) =>
  Effect.retry(effect, {
    schedule: Schedule.intersect(Schedule.spaced("1 millis"), Schedule.recurs(200)),
    while: ({ _tag }) => _tag === "AcmeUnavailable"
  })

export const patientClient = (client: Acme["Type"]): Acme["Type"] => ({
  register: (key) => patient(client.register(key)),
  createOrder: (account, request) => patient(client.createOrder(account, request)),
  order: (account, url) => patient(client.order(account, url)),
  authorization: (account, url) => patient(client.authorization(account, url)),
  keyAuthorization: client.keyAuthorization,
  respondToChallenge: (account, url) => patient(client.respondToChallenge(account, url)),
  finalize: (account, order, csr) => patient(client.finalize(account, order, csr)),
  certificate: (account, order) => patient(client.certificate(account, order)),
  renewalInfo: (id) => patient(client.renewalInfo(id)),
  check: patient(client.check)
})

const digest = (keyAuthorization: string) => createHash("sha256").update(keyAuthorization).digest("base64url")

const present = (server: ChallengeTestServer["Type"]) => (challenge: PresentedChallenge) =>
  challenge.type === "http-01"
    ? server.addHttp01(challenge.token, challenge.keyAuthorization)
    : server.addTxt(`_acme-challenge.${challenge.name}`, digest(challenge.keyAuthorization))

const refusedName = "refused.contract.test"

const caWorld = (options: ClientOptions) =>
  Layer.effect(
    CaWorld,
    Effect.gen(function* () {
      const authority = yield* Pebble
      return {
        present: present(yield* ChallengeTestServer),
        anotherClient: Layer.build(pebbleClient(options)).pipe(
          Effect.map((context) => patientClient(Context.get(context, Acme))),
          Effect.provideService(Pebble, authority)
        ),
        refusedName
      }
    })
  )

/** A private Pebble, a client, and services to answer challenges. */
export const pebbleWorld = (authority: PebbleOptions = {}, client: ClientOptions = {}) =>
  Layer.mergeAll(
    Layer.map(pebbleClient(client), (context) => Context.make(Acme, patientClient(Context.get(context, Acme)))),
    caWorld(client)
  ).pipe(
    Layer.provideMerge(pebble({ blockedDomains: [refusedName], ...authority })),
    Layer.provideMerge(challengeTestServer()),
    Layer.merge(PkiLive),
    Layer.provide(Logger.minimumLogLevel(LogLevel.Warning))
  )
