import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { AcmeClientLive } from "../../../src/layers/acme/AcmeClientLive.ts"
import { PkiLive } from "../../../src/layers/PkiLive.ts"
import { Acme, type AcmeError } from "../../../src/services/certificate/Acme.ts"
import { Pki } from "../../../src/services/certificate/Pki.ts"
import { httpStub } from "../../support/HttpStub.ts"
import { named as domainNamed } from "../../support/named.ts"

/** A CA whose directory and responses name another origin: a host of the operator's network, over plain HTTP. */
const meet = Effect.gen(function* () {
  const internal = yield* httpStub(() => ({ status: 200, headers: { "replay-nonce": "n" }, body: "{}" }))
  const named = (what: string) => `${internal.url}/${what}`
  const directory = {
    newNonce: named("nonce"),
    newAccount: named("account"),
    newOrder: named("order"),
    renewalInfo: named("ari")
  }
  const authority = yield* httpStub(() => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(directory)
  }))
  const layer = AcmeClientLive({ directoryUrl: `${authority.url}/dir`, contactEmail: "a@b.test" })
  const acme = Context.get(yield* Layer.build(layer), Acme)
  return { acme, internal, named }
})

describe("a certificate authority that names addresses that are not its own", () => {
  it.scopedLive(
    "sends nothing there: not for a nonce, an account, an order, a challenge, a certificate or a window",
    () =>
      Effect.gen(function* () {
        const { acme, internal, named } = yield* meet
        const key = yield* Effect.flatMap(Pki, (pki) => pki.generateAccountKey)
        const account = { key, url: named("account/1") }
        const order = {
          url: named("order/1"),
          status: "ready",
          authorizations: [],
          finalizeUrl: named("order/1/finalize"),
          certificateUrl: named("certificate/1"),
          problem: null,
          expiresAt: null,
          retryAfter: null
        } as const
        const calls: Readonly<Record<string, Effect.Effect<unknown, AcmeError>>> = {
          register: acme.register(key),
          createOrder: acme.createOrder(account, { names: [domainNamed("a.test")] }),
          order: acme.order(account, order.url),
          authorization: acme.authorization(account, named("authorization/1")),
          answerChallenge: acme.respondToChallenge(account, named("challenge/1")),
          finalize: acme.finalize(account, order, ""),
          certificate: acme.certificate(account, order),
          renewalInfo: acme.renewalInfo("YQ.AQ")
        }
        for (const [name, call] of Object.entries(calls))
          assert.include(yield* Effect.flip(call), { _tag: "AcmeUnavailable", reason: "unexpected-answer" }, name)
        assert.isEmpty(internal.received)
      }).pipe(Effect.provide(PkiLive))
  )
})
