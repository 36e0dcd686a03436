import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { VaultServer, vaultServer } from "../../dev/simulators/VaultServer.ts"
import { vaultEnvironment } from "../../dev/stack/Vault.ts"
import { findIn, logsOfRun } from "./support/canaries.ts"
import { eventually } from "./support/eventually.ts"
import { stack, Workers } from "./support/Stack.ts"

/** ACME is on: the worker starts only because there is a vault. */
const world = Layer.unwrapEffect(
  Effect.map(vaultEnvironment, (env) =>
    stack({ regions: ["local.dev"], env: { ...env, WORKER_ACME_ENABLED: "true", DEBUG: "*" } })
  )
).pipe(Layer.provideMerge(vaultServer()))

const readiness = Effect.gen(function* () {
  const { first } = yield* Workers
  const http = yield* HttpClient.HttpClient
  const response = yield* http.get(`${first.url}/health/ready`)
  return { status: response.status, body: JSON.parse(yield* response.text) }
}).pipe(Effect.provide(FetchHttpClient.layer))

const isWell = eventually("a vault that is well", readiness, ({ body }) => body.checks.vault === "ok")

layer(world, { excludeTestServices: true, timeout: "1 minute" })("a worker with a vault", (it) => {
  it.effect("is ready once it has logged in, and says that its vault is well", () =>
    Effect.gen(function* () {
      const { body, status } = yield* readiness
      assert.deepStrictEqual(
        [status, body.checks],
        [200, { database: "ok", restate: "ok", "new work": "ok", vault: "ok" }]
      )
      const { requests } = yield* VaultServer
      assert.strictEqual((yield* requests)[0]?.path, "auth/approle/login")
    })
  )

  it.effect("goes on with what needs no vault while its vault is sealed, and says so", () =>
    Effect.gen(function* () {
      const { seal, unseal } = yield* VaultServer
      yield* isWell
      yield* seal
      // A result is shared for a second, so the look after the sealing need not be the first one.
      const told = eventually("a vault that is sealed", readiness, ({ body }) => body.checks.vault !== "ok")
      const { body, status } = yield* Effect.ensuring(told, unseal)
      assert.deepStrictEqual([status, body.checks.vault], [200, "vault check: unavailable (503)"])
      yield* isWell
    })
  )

  it.effect("logs in again when its token was revoked", () =>
    Effect.gen(function* () {
      const { revokeTokens, tokens } = yield* VaultServer
      yield* isWell
      yield* revokeTokens
      yield* eventually("another login", Effect.zipRight(readiness, tokens), (valid) => valid === 1)
      yield* isWell
    })
  )

  it.effect("writes neither its secret id nor a token into its log, even when asked to debug", () =>
    Effect.gen(function* () {
      const { requests } = yield* VaultServer
      const exhibits = yield* logsOfRun
      for (const { body, token } of yield* requests)
        for (const secret of [token, body.secret_id])
          if (typeof secret === "string") assert.deepStrictEqual(findIn(exhibits, secret), [])
      assert.isNotEmpty(findIn(exhibits, "vault.login.secret_id"))
    })
  )
})
