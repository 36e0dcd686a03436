import { Effect } from "effect"
import { Acme, type AcmeAccount, type AcmeError, type AcmeOperation } from "../../../src/services/certificate/Acme.ts"
import { Pki } from "../../../src/services/certificate/Pki.ts"
import { named } from "../named.ts"

/** A new account and its order. */
export const ordered = Effect.gen(function* () {
  const client = yield* Acme
  const key = yield* (yield* Pki).generateAccountKey
  const account: AcmeAccount = { key, url: yield* client.register(key) }
  const order = yield* client.createOrder(account, { names: [named("stand-in.test")] })
  const [authorizationUrl = ""] = order.authorizations
  const { challenges } = yield* client.authorization(account, authorizationUrl)
  const challengeUrl = challenges[0]?.url ?? ""
  return { account, order, authorizationUrl, challengeUrl, valid: yield* client.order(account, order.url) }
})

type Call = (known: Effect.Effect.Success<typeof ordered>) => Effect.Effect<unknown, AcmeError, Acme>

const using = (call: (client: Acme["Type"]) => Effect.Effect<unknown, AcmeError>) => Effect.flatMap(Acme, call)

/** One call for each kind of request. */
export const calls: Readonly<Record<Exclude<AcmeOperation, "directory">, Call>> = {
  "new-account": ({ account }) => using((client) => client.register(account.key)),
  "new-order": ({ account }) => using((client) => client.createOrder(account, { names: [named("stand-in.test")] })),
  order: ({ account, order }) => using((client) => client.order(account, order.url)),
  authorization: ({ account, authorizationUrl }) => using((client) => client.authorization(account, authorizationUrl)),
  challenge: ({ account, challengeUrl }) => using((client) => client.respondToChallenge(account, challengeUrl)),
  finalize: ({ account, order }) => using((client) => client.finalize(account, order, "-----BEGIN CSR-----\nAAAA")),
  certificate: ({ account, valid }) => using((client) => client.certificate(account, valid)),
  "renewal-info": () => using((client) => client.renewalInfo("YQ.AQ"))
}
