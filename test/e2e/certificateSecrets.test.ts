import { createServer } from "node:http"
import { HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { SqlClient } from "@effect/sql/SqlClient"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Ref } from "effect"
import { htmlPage, problem } from "../../dev/simulators/authority/answers.ts"
import { Route53Server } from "../../dev/simulators/Route53Server.ts"
import { StandInCa } from "../../dev/simulators/StandInCa.ts"
import { VaultServer } from "../../dev/simulators/VaultServer.ts"
import { acmeWorkspace } from "../../src/services/certificate/CertificateStore.ts"
import { acmeAccountKey, certificateKey } from "../../src/services/vault/Purpose.ts"
import { seedVerifiedDomain } from "../support/memory/certificateSeeds.ts"
import { namesOf } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { canary, type Exhibit, everything, findIn } from "./support/canaries.ts"
import { certificateStack } from "./support/certificateStack.ts"
import { decrypt, processChallenge, reissue, sendChallenge } from "./support/certificates.ts"
import { rows } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"

const { workspaceId } = namesOf("shop")

const hmacKey = Buffer.from(canary("external-account")).toString("base64url")
const route53 = canary("route53")

/** Every export of spans, as it came. */
class Exports extends Context.Tag("test/e2e/Exports")<
  Exports,
  { readonly endpoint: string; readonly bodies: Effect.Effect<ReadonlyArray<string>> }
>() {}

const exports = Layer.scoped(
  Exports,
  Effect.gen(function* () {
    const bodies = yield* Ref.make<ReadonlyArray<string>>([])
    const keep = Effect.gen(function* () {
      const body = yield* (yield* HttpServerRequest.HttpServerRequest).arrayBuffer
      yield* Ref.update(bodies, (all) => [...all, Buffer.from(body).toString("latin1")])
      return HttpServerResponse.empty({ status: 200 })
    })
    yield* HttpServer.serveEffect(HttpRouter.empty.pipe(HttpRouter.post("/v1/traces", keep)))
    return { endpoint: yield* HttpServer.addressFormattedWith(Effect.succeed), bodies: Ref.get(bodies) }
  })
).pipe(Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })))

const world = Layer.unwrapEffect(
  Effect.map(Exports, ({ endpoint }) =>
    certificateStack({
      pebble: { externalAccounts: { "key-1": hmacKey } },
      env: {
        WORKER_ACME_EXTERNAL_ACCOUNT_KEY_ID: "key-1",
        WORKER_ACME_EXTERNAL_ACCOUNT_HMAC_KEY: hmacKey,
        WORKER_ACME_ROUTE53_SECRET_ACCESS_KEY: route53,
        WORKER_OBSERVABILITY_LOGGING_LEVEL: "debug",
        WORKER_OBSERVABILITY_TRACING_SAMPLE_RATE: "1",
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_BSP_SCHEDULE_DELAY: "200",
        DEBUG: "*"
      }
    })
  )
).pipe(Layer.provideMerge(exports))

/** Certificates, and everything on the way to them that can go wrong and be told. */
const issuances = Effect.gen(function* () {
  const { script } = yield* StandInCa
  const { failNext } = yield* Route53Server
  const domains = ["plain", "rejected", "broken"].map((name) => `${name}.secret.test`)
  const [plain = "", rejected = "", broken = ""] = domains
  yield* Effect.forEach([...domains, "*.secret.test"], seedVerifiedDomain)
  yield* script("new-account", problem("serverInternal", { status: 500 }))
  yield* sendChallenge(broken)
  yield* eventually("a refused account", rows, ({ acme_users }) => acme_users.length > 0)
  yield* processChallenge(plain)
  yield* reissue(plain)
  yield* script("new-order", problem("rejectedIdentifier"))
  yield* processChallenge(rejected)
  yield* failNext({ status: 403, code: "AccessDenied" })
  yield* processChallenge("*.secret.test")
  yield* script("finalize", htmlPage(502))
  yield* reissue(plain)
})

/** All columns of all tables. */
const dump = Effect.gen(function* () {
  const sql = yield* SqlClient
  const tables = yield* sql<Record<string, string>>`SHOW TABLES`
  return yield* Effect.forEach(
    tables.flatMap((row) => Object.values(row)),
    (table) =>
      Effect.map(
        sql`SELECT * FROM ${sql(table)}`,
        (all): Exhibit => ({ where: `table ${table}`, text: JSON.stringify(all) })
      )
  )
})

const exhibits = Effect.gen(function* () {
  const spans = (yield* (yield* Exports).bodies).map((text): Exhibit => ({ where: "spans", text }))
  return [...(yield* everything), ...(yield* dump), ...spans]
})

/** A key is found by any line of its text, and by the bytes that the line stands for. */
const linesOf = (pem: string): ReadonlyArray<string> =>
  pem
    .split("\n")
    .filter((line) => line.length > 32 && !line.startsWith("-----"))
    .flatMap((line) => [line, Buffer.from(line, "base64").toString("hex"), [...Buffer.from(line, "base64")].join(",")])

const secretIds = Effect.gen(function* () {
  const requests = yield* (yield* VaultServer).requests
  return requests.flatMap(({ body }) => (typeof body.secret_id === "string" ? [body.secret_id] : []))
})

const storedKeys = Effect.gen(function* () {
  const { acme_users, certificates } = yield* rows
  const account = yield* Effect.forEach(acme_users, (row) =>
    decrypt(acmeWorkspace, row.encrypted_key, acmeAccountKey(row.id))
  )
  const certified = yield* Effect.forEach(certificates, (row) =>
    decrypt(workspaceId, row.encrypted_private_key, certificateKey(row.hostname))
  )
  assert.lengthOf(account, 1)
  assert.isNotEmpty(certified)
  return [...account, ...certified]
})

layer(world, { excludeTestServices: true, timeout: "1 minute" })("the secrets of certificates", (it) => {
  it.effect("stay out of journals, states, logs, spans, metrics and tables, whatever fails", () =>
    Effect.gen(function* () {
      yield* issuances
      const shown = yield* exhibits
      const keys = yield* storedKeys
      const ids = yield* secretIds
      assert.isNotEmpty(ids)
      for (const secret of [hmacKey, route53, ...ids, ...keys.flatMap(linesOf)])
        assert.deepStrictEqual(findIn(shown, secret), [], `a secret of ${secret.length} characters`)
    })
  )

  it.effect("would be found wherever they were", () =>
    Effect.gen(function* () {
      const [line = "", hex = ""] = linesOf((yield* storedKeys)[1] ?? "")
      const domain = "planted.secret.test"
      yield* seedVerifiedDomain(domain)
      yield* processChallenge(domain, line)
      yield* (yield* World).update("custom_domains", { domain }, { verification_error: `it is ${hex}` })
      const shown = yield* exhibits
      assert.include(findIn(shown, line), "sys_journal Command: Input")
      assert.includeMembers([...findIn(shown, hex)], ["rows", "table custom_domains"])
      // What is not secret is in every kind of place.
      const places = findIn(shown, "ProcessChallenge").join("\n")
      for (const place of ["spans", "sys_invocation"]) assert.include(places, place)
      assert.include(findIn(shown, "plain.secret.test").join("\n"), "state")
      assert.include(findIn(shown, "secret.test").join("\n"), "server.log")
      assert.include(findIn(shown, "ctrl_worker").concat(findIn(shown, "worker_")).join("\n"), "metrics")
    })
  )
})
