import { assert, layer } from "@effect/vitest"
import { Context, Data, Effect, type Layer, Option, type Redacted, Schedule, type Scope } from "effect"
import type { DomainName } from "../../src/names/DomainName.ts"
import {
  Acme,
  type AcmeAccount,
  type AcmeAuthorization,
  type AcmeError,
  type AcmeOrder,
  AcmeProblem
} from "../../src/services/certificate/Acme.ts"
import { Pki } from "../../src/services/certificate/Pki.ts"
import { named } from "../support/named.ts"

/** The challenge response, for the server of names in this test. */
export interface PresentedChallenge {
  /** Without the `*.` of a wildcard. */
  readonly name: string
  readonly type: "http-01" | "dns-01"
  readonly token: string
  readonly keyAuthorization: string
}

/** The environment of a CA in this suite. */
export class CaWorld extends Context.Tag("test/CaWorld")<
  CaWorld,
  {
    /** Presents the challenge response to the CA. Without it, validation fails. */
    readonly present: (challenge: PresentedChallenge) => Effect.Effect<void>
    /** Another client of the same CA, as in another process. */
    readonly anotherClient: Effect.Effect<Acme["Type"], never, Scope.Scope>
    /** A name that this CA rejects. */
    readonly refusedName: string
  }
>() {}

type Client = Acme["Type"]
type Requirements = Acme | Pki | CaWorld | Scope.Scope

let names = 0
/** A unique name, so that no other test's authorization is reused. */
const freshName = Effect.sync(() => named(`n${++names}-${process.pid}.contract.test`))

const register = (client: Client) =>
  Effect.gen(function* () {
    const key = yield* (yield* Pki).generateAccountKey
    const account: AcmeAccount = { key, url: yield* client.register(key) }
    return account
  })

class Undecided extends Data.TaggedError("Undecided") {}

/** Polls until the status is final; a minute is far more than any test CA takes. */
const untilSettled = <A extends { readonly status: string }>(read: Effect.Effect<A, AcmeError>) =>
  read.pipe(
    Effect.filterOrFail(
      ({ status }) => status !== "pending" && status !== "processing",
      () => new Undecided()
    ),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), while: ({ _tag }) => _tag === "Undecided" }),
    Effect.timeout("1 minute"),
    Effect.catchTag("Undecided", "TimeoutException", Effect.die)
  )

const challengeFor = (authorization: AcmeAuthorization, type: PresentedChallenge["type"]) =>
  Effect.orDie(Effect.fromNullable(authorization.challenges.find((challenge) => challenge.type === type)))

/** Validates one name, unless the CA has a valid authorization. */
const prove = (client: Client, account: AcmeAccount, url: string, type: PresentedChallenge["type"]) =>
  Effect.gen(function* () {
    const authorization = yield* client.authorization(account, url)
    if (authorization.status === "valid") return authorization
    const { token, url: challengeUrl } = yield* challengeFor(authorization, type)
    const keyAuthorization = yield* client.keyAuthorization(account, token)
    yield* (yield* CaWorld).present({ name: authorization.name, type, token, keyAuthorization })
    yield* client.respondToChallenge(account, challengeUrl)
    return yield* untilSettled(client.authorization(account, url))
  })

const proven = (client: Client, account: AcmeAccount, order: AcmeOrder, type: PresentedChallenge["type"]) =>
  Effect.zipRight(
    Effect.forEach(order.authorizations, (url) => prove(client, account, url, type)),
    untilSettled(client.order(account, order.url))
  )

const keyAndCsr = (requested: ReadonlyArray<DomainName>) =>
  Effect.gen(function* () {
    const pki = yield* Pki
    const key = yield* pki.generateCertificateKey
    return { key, csr: yield* pki.createCsr(key, requested) }
  })

interface Issued {
  readonly order: AcmeOrder
  readonly chain: string
  readonly key: Redacted.Redacted
}

const finish = (client: Client, account: AcmeAccount, ready: AcmeOrder, requested: ReadonlyArray<DomainName>) =>
  Effect.gen(function* () {
    const { csr, key } = yield* keyAndCsr(requested)
    yield* client.finalize(account, ready, csr)
    const order = yield* untilSettled(client.order(account, ready.url))
    assert.strictEqual(order.status, "valid")
    const issued: Issued = { order, key, chain: yield* client.certificate(account, order) }
    return issued
  })

/** Completes an order up to its certificate. */
export const issue = (
  client: Client,
  account: AcmeAccount,
  requested: ReadonlyArray<DomainName>,
  type: PresentedChallenge["type"]
) =>
  Effect.gen(function* () {
    const order = yield* client.createOrder(account, { names: requested })
    const ready = yield* proven(client, account, order, type)
    assert.strictEqual(ready.status, "ready")
    return yield* finish(client, account, ready, requested)
  })

const refusal = <A, R>(effect: Effect.Effect<A, AcmeError, R>) =>
  Effect.map(Effect.flip(effect), (failure) => {
    assert.instanceOf(failure, AcmeProblem)
    return failure
  })

/** Promises of every ACME client and CA. */
export const acmeContract = <E>(name: string, world: Layer.Layer<Acme | Pki | CaWorld, E>): void =>
  layer(world, { excludeTestServices: true })(`Acme: ${name}`, (it) => {
    const guarantee = <A, E2>(
      title: string,
      test: (client: Client, account: AcmeAccount) => Effect.Effect<A, E2, Requirements>
    ) =>
      it.scoped(title, () =>
        Effect.gen(function* () {
          const client = yield* Acme
          return yield* test(client, yield* register(client))
        })
      )

    guarantee("a key that is registered again is the same account, and another key another one", (client, account) =>
      Effect.gen(function* () {
        const { anotherClient } = yield* CaWorld
        assert.strictEqual(yield* client.register(account.key), account.url)
        assert.strictEqual(yield* (yield* anotherClient).register(account.key), account.url)
        assert.notStrictEqual((yield* register(client)).url, account.url)
      })
    )

    guarantee("a name proven over HTTP gets a certificate for it and for the key of the request", (client, account) =>
      Effect.gen(function* () {
        const pki = yield* Pki
        const requested = [yield* freshName]
        const { chain, key } = yield* issue(client, account, requested, "http-01")
        const facts = yield* pki.inspect(chain)
        assert.deepStrictEqual(facts.names, requested)
        assert.isAbove(facts.notAfter, facts.notBefore)
        assert.isTrue(yield* pki.matches(chain, key))
        assert.isFalse(yield* pki.matches(chain, yield* pki.generateCertificateKey))
      })
    )

    guarantee("a wildcard and its apex, proven over DNS, come in one certificate", (client, account) =>
      Effect.gen(function* () {
        const apex = yield* freshName
        const requested = [named(`*.${apex}`), apex]
        const order = yield* client.createOrder(account, { names: requested })
        const authorizations = yield* Effect.forEach(order.authorizations, (url) => client.authorization(account, url))
        assert.sameMembers(
          authorizations.map((each) => `${each.wildcard} ${each.name}`),
          [`true ${apex}`, `false ${apex}`]
        )
        const ready = yield* proven(client, account, order, "dns-01")
        const { chain } = yield* finish(client, account, ready, requested)
        assert.deepStrictEqual((yield* (yield* Pki).inspect(chain)).names, requested)
      })
    )

    guarantee(
      "a challenge without its answer makes the order invalid, and the authorization says why",
      (client, account) =>
        Effect.gen(function* () {
          const order = yield* client.createOrder(account, { names: [yield* freshName] })
          assert.strictEqual(order.status, "pending")
          const [url = ""] = order.authorizations
          const { url: challengeUrl } = yield* challengeFor(yield* client.authorization(account, url), "http-01")
          yield* client.respondToChallenge(account, challengeUrl)
          const authorization = yield* untilSettled(client.authorization(account, url))
          assert.strictEqual(authorization.status, "invalid")
          const failed = yield* challengeFor(authorization, "http-01")
          assert.strictEqual(failed.status, "invalid")
          assert.isNotEmpty(failed.problem?.type)
          assert.notInclude(failed.problem?.type, ":")
          assert.isNotEmpty(failed.problem?.detail)
          assert.strictEqual((yield* client.order(account, order.url)).status, "invalid")
        })
    )

    guarantee("another process goes on with an order of which it knows the URL only", (client, account) =>
      Effect.gen(function* () {
        const { anotherClient } = yield* CaWorld
        const requested = [yield* freshName]
        const { url } = yield* client.createOrder(account, { names: requested })
        const second = yield* anotherClient
        const ready = yield* proven(second, account, yield* second.order(account, url), "http-01")
        const third = yield* anotherClient
        const { chain, order } = yield* finish(third, account, yield* third.order(account, ready.url), requested)
        assert.strictEqual(order.url, url)
        assert.deepStrictEqual((yield* (yield* Pki).inspect(chain)).names, requested)
      })
    )

    guarantee("a certificate is the same each time it is fetched, by whomever", (client, account) =>
      Effect.gen(function* () {
        const { anotherClient } = yield* CaWorld
        const { chain, order } = yield* issue(client, account, [yield* freshName], "http-01")
        assert.strictEqual(yield* client.certificate(account, order), chain)
        const other = yield* anotherClient
        assert.strictEqual(yield* other.certificate(account, yield* other.order(account, order.url)), chain)
      })
    )

    guarantee("a challenge that is no longer pending refuses a second answer as malformed", (client, account) =>
      Effect.gen(function* () {
        const order = yield* client.createOrder(account, { names: [yield* freshName] })
        yield* proven(client, account, order, "http-01")
        const [url = ""] = order.authorizations
        const { status, url: challengeUrl } = yield* challengeFor(yield* client.authorization(account, url), "http-01")
        assert.strictEqual(status, "valid")
        const problem = yield* refusal(client.respondToChallenge(account, challengeUrl))
        assert.deepInclude(problem, { operation: "challenge", type: "malformed", status: 400 })
      })
    )

    guarantee("an order is finalized once, and not before its names are proven", (client, account) =>
      Effect.gen(function* () {
        const requested = [yield* freshName]
        const { csr } = yield* keyAndCsr(requested)
        const order = yield* client.createOrder(account, { names: requested })
        const early = yield* refusal(client.finalize(account, order, csr))
        assert.deepInclude(early, { operation: "finalize", type: "orderNotReady", status: 403 })
        const ready = yield* proven(client, account, order, "http-01")
        yield* finish(client, account, ready, requested)
        const late = yield* refusal(client.finalize(account, ready, csr))
        assert.deepInclude(late, { operation: "finalize", type: "orderNotReady", status: 403 })
      })
    )

    guarantee("a request for other names than those of the order is refused", (client, account) =>
      Effect.gen(function* () {
        const order = yield* client.createOrder(account, { names: [yield* freshName] })
        const ready = yield* proven(client, account, order, "http-01")
        const { csr } = yield* keyAndCsr([yield* freshName])
        const problem = yield* refusal(client.finalize(account, ready, csr))
        assert.strictEqual(problem.operation, "finalize")
        assert.include(["badCSR", "unauthorized"], problem.type)
      })
    )

    guarantee("a name the CA issues nothing for is refused when it is ordered", (client, account) =>
      Effect.gen(function* () {
        const { refusedName } = yield* CaWorld
        const problem = yield* refusal(client.createOrder(account, { names: [named(refusedName)] }))
        assert.deepInclude(problem, { operation: "new-order", type: "rejectedIdentifier", retryAfter: null })
        assert.isAtLeast(problem.status, 400)
      })
    )

    guarantee("what the CA has to find is the token and a mark of the account's key", (client, account) =>
      Effect.gen(function* () {
        const [first, again, other, stranger] = yield* Effect.all([
          client.keyAuthorization(account, "token-1"),
          client.keyAuthorization(account, "token-1"),
          client.keyAuthorization(account, "token-2"),
          Effect.flatMap(register(client), (another) => client.keyAuthorization(another, "token-1"))
        ])
        assert.match(first, /^token-1\.[A-Za-z0-9_-]{43}$/)
        assert.strictEqual(again, first)
        assert.strictEqual(other.replace("token-2", "token-1"), first)
        assert.notStrictEqual(stranger, first)
      })
    )

    guarantee(
      "an order may name the certificate it replaces, and a suggested window lies in its lifetime",
      (client, account) =>
        Effect.gen(function* () {
          const pki = yield* Pki
          const requested = [yield* freshName]
          const { chain } = yield* issue(client, account, requested, "http-01")
          const { certificateId, notAfter, notBefore } = yield* pki.inspect(chain)
          const replaces = yield* Effect.orDie(Effect.fromNullable(certificateId))
          const info = yield* client.renewalInfo(replaces)
          if (Option.isSome(info)) {
            assert.isAbove(info.value.windowEnd, info.value.windowStart)
            assert.isAtLeast(info.value.windowStart, notBefore)
            assert.isAtMost(info.value.windowEnd, notAfter)
          }
          const order = yield* client.createOrder(account, { names: requested, replaces })
          assert.include(["pending", "ready"], order.status)
        })
    )
  })
