import { X509Certificate } from "node:crypto"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
import { localAuthority } from "../../../dev/stack/LocalAuthority.ts"
import { Pebble } from "../../../dev/stack/Pebble.ts"
import { Acme, type AcmeError, AcmeProblem, AcmeUnavailable } from "../../../src/services/certificate/Acme.ts"
import { Pki } from "../../../src/services/certificate/Pki.ts"
import { acmeContract, issue } from "../../services/Acme.contract.ts"
import { pebbleClient, pebbleWorld } from "../../support/acme/pebbleWorld.ts"
import { withoutLogs } from "../../support/acme/withoutLogs.ts"
import { named } from "../../support/named.ts"

acmeContract("Pebble that is well", pebbleWorld())
acmeContract(
  "Pebble that refuses every second nonce and forgets half of what was proven",
  pebbleWorld({ nonceRejection: 50, authorizationReuse: 50 })
)
acmeContract(
  "Pebble that refuses nine nonces of ten and remembers what was proven",
  pebbleWorld({ nonceRejection: 90, authorizationReuse: 100 })
)

const isolated = { excludeTestServices: true }
const commonNames = (certificates: ReadonlyArray<string>, field: "issuer" | "subject") =>
  certificates.map((pem) => new X509Certificate(pem)[field].replace("CN=", ""))
const topIssuer = (chain: string) =>
  commonNames(chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [], "issuer").at(-1)

const clientWith = (options: Parameters<typeof pebbleClient>[0]) =>
  Effect.map(Layer.build(pebbleClient(options)), Context.get(Acme))
const newAccount = (client: Acme["Type"]) =>
  Effect.flatMap(Pki, (pki) => pki.generateAccountKey).pipe(
    Effect.flatMap((key) => Effect.map(client.register(key), (url) => ({ key, url })))
  )

layer(pebbleWorld({ alternateRoots: 2 }), isolated)("a certificate authority with several roots", (it) => {
  it.scoped("gives the chain that ends at the preferred root, and its own choice when it has no such root", () =>
    Effect.gen(function* () {
      const roots = commonNames(yield* (yield* Pebble).roots, "subject")
      assert.lengthOf(new Set(roots), 3)
      const account = yield* newAccount(yield* Acme)
      const { chain, order } = yield* issue(yield* Acme, account, [named("several-roots.test")], "http-01")
      for (const [preferredChain, expected] of [...roots.map((root) => [root, root]), ["Unheard Of", roots[0]]]) {
        const client = yield* clientWith({ preferredChain })
        const preferred = yield* client.certificate(account, order)
        assert.strictEqual(topIssuer(preferred), expected)
        assert.strictEqual(yield* client.certificate(account, order), preferred)
      }
      assert.strictEqual(topIssuer(chain), roots[0])
    })
  )
})

const keyId = "shop-account"
const hmacKey = Buffer.from("a secret of thirty-two bytes!!!!").toString("base64url")
const bound = (secret: string) => ({ externalAccount: { keyId, hmacKey: Redacted.make(secret) } })

const textOf = (failure: AcmeError) =>
  JSON.stringify(Schema.encodeSync(Schema.Union(AcmeProblem, AcmeUnavailable))(failure)) + String(failure.stack)

layer(pebbleWorld({ externalAccounts: { [keyId]: hmacKey } }, bound(hmacKey)), isolated)(
  "a certificate authority that wants accounts vouched for",
  (it) => {
    it.scoped("registers an account that is bound, again as the same one, and issues for it", () =>
      Effect.gen(function* () {
        const client = yield* Acme
        const account = yield* newAccount(client)
        assert.strictEqual(yield* client.register(account.key), account.url)
        yield* issue(client, account, [named("bound.test")], "http-01")
      })
    )

    it.scoped("refuses one that is not, or by another secret, and no failure quotes a secret or a key", () =>
      Effect.gen(function* () {
        const unbound = yield* Effect.flip(newAccount(yield* clientWith({})))
        assert.deepInclude(unbound, { operation: "new-account", type: "externalAccountRequired" })
        const secret = Buffer.from("another secret of the same size!").toString("base64url")
        const key = yield* (yield* Pki).generateAccountKey
        const mistaken = yield* Effect.flip((yield* clientWith(bound(secret))).register(key))
        assert.strictEqual(mistaken._tag, "AcmeProblem")
        assert.notInclude(textOf(mistaken), secret)
        const [, firstLine = ""] = Redacted.value(key).split("\n")
        assert.notInclude(textOf(mistaken), firstLine)
      })
    )
  }
)

layer(pebbleWorld(), isolated)("two certificate authorities in one process", (it) => {
  it.scoped("are told apart: at the same time, each client trusts the root it was given only", () =>
    Effect.gen(function* () {
      const { root } = yield* localAuthority
      const stranger = yield* clientWith({ certificateAuthorities: root })
      const client = yield* clientWith({})
      const [refused] = yield* Effect.all([withoutLogs(Effect.flip(newAccount(stranger))), newAccount(client)], {
        concurrency: "unbounded"
      })
      assert.deepInclude(refused, { _tag: "AcmeUnavailable", operation: "directory", reason: "unreachable" })
    })
  )
})

layer(pebbleWorld({ validationDelay: "3 seconds" }), isolated)("a certificate authority that takes its time", (it) => {
  it.scoped("is polled until it has come to its decision", () =>
    Effect.gen(function* () {
      const client = yield* Acme
      yield* issue(client, yield* newAccount(client), [named("slow-1.test"), named("slow-2.test")], "http-01")
    })
  )
})

layer(pebbleWorld({ authorizationReuse: 100 }), isolated)(
  "a certificate authority that remembers what was proven",
  (it) => {
    it.scoped("has the next order for the same names ready at once, and issues for it without a challenge", () =>
      Effect.gen(function* () {
        const client = yield* Acme
        const account = yield* newAccount(client)
        const { order } = yield* issue(client, account, [named("known.test")], "http-01")
        const next = yield* client.createOrder(account, { names: [named("known.test")] })
        assert.strictEqual(next.status, "ready")
        assert.notStrictEqual(next.url, order.url)
        assert.deepStrictEqual(next.authorizations, order.authorizations)
        const [url = ""] = next.authorizations
        assert.strictEqual((yield* client.authorization(account, url)).status, "valid")
      })
    )
  }
)

for (const chainLength of [1, 3])
  layer(pebbleWorld({ chainLength, strict: true }), isolated)("a strict certificate authority", (it) => {
    it.scoped(`gives the leaf first and ${chainLength} intermediates after it`, () =>
      Effect.gen(function* () {
        const pki = yield* Pki
        const client = yield* Acme
        const { chain, key } = yield* issue(client, yield* newAccount(client), [named("chain.test")], "http-01")
        assert.lengthOf(chain.match(/-----BEGIN CERTIFICATE-----/g) ?? [], 1 + chainLength)
        assert.isTrue(yield* pki.matches(chain, key))
      })
    )
  })
