import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import { type Disturbance, VaultServer, vaultServer } from "../../../dev/simulators/VaultServer.ts"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { certificateKey } from "../../../src/services/vault/Purpose.ts"
import { DecryptionRefused, Vault, VaultUnavailable } from "../../../src/services/vault/Vault.ts"
import { untilIo } from "../../support/untilIo.ts"
import { selfSigned } from "./selfSigned.ts"
import { asAppRole, assertHides, givenToken, hashicorpVault, temporaryFolder, traces, vaultOf } from "./support.ts"

const plaintext = "canary-plaintext-77aa"
const secret = Redacted.make(plaintext)
const purpose = certificateKey("app.example.com")
const encrypt = Effect.flatMap(Vault, (vault) => vault.encrypt("ws_1", secret, purpose))
const decrypt = (ciphertext: string) => Effect.flatMap(Vault, (vault) => vault.decrypt("ws_1", ciphertext, purpose))
const check = Effect.flatMap(Vault, (vault) => vault.check)

const withToken = Effect.flatMap(VaultServer, (server) => server.createToken({ ttl: 3_600 })).pipe(
  Effect.map(givenToken)
)

/** A server, and a vault that the test builds later. */
const startedServer = Effect.map(Layer.build(vaultServer()), (built) => Context.get(built, VaultServer))

const prepared = Effect.gen(function* () {
  const server = yield* startedServer
  const vault = yield* Layer.build(vaultOf(withToken)).pipe(Effect.provideService(VaultServer, server))
  return { server, vault }
})

const unavailable = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, VaultUnavailable)
    const { operation, reason, status } = error
    return status === undefined ? [operation, reason] : [operation, reason, status]
  })

const base64 = (text: string) => Buffer.from(text).toString("base64")

describe("HashiCorp Vault", () => {
  it.scopedLive("a request carries the token in its header and nothing but its fields in its body", () =>
    Effect.gen(function* () {
      const { server, vault } = yield* prepared
      const ciphertext = yield* Effect.provide(encrypt, vault)
      yield* Effect.provide(decrypt(ciphertext), vault)
      const requests = (yield* server.requests).filter(({ path }) => path.startsWith("transit/"))
      const transitText = ciphertext.replace("aad:v1:", "")
      const associated_data = base64("certificates.encrypted_private_key:app.example.com")
      assert.deepStrictEqual(
        requests.map(({ body, method, path }) => ({ method, path, body })),
        [
          {
            method: "POST",
            path: "transit/encrypt/ws_1",
            body: { plaintext: base64(plaintext), associated_data }
          },
          {
            method: "POST",
            path: "transit/decrypt/ws_1",
            body: { ciphertext: transitText, associated_data: base64("another") }
          },
          { method: "POST", path: "transit/decrypt/ws_1", body: { ciphertext: transitText, associated_data } }
        ]
      )
      assert.match(requests[0]?.token ?? "", /^hvs\./)
    })
  )

  it.scopedLive(
    "nothing of the environment takes part: no token, namespace, prefix or address of VAULT_ variables",
    () =>
      Effect.gen(function* () {
        const foreign = {
          VAULT_ADDR: "http://127.0.0.1:1",
          VAULT_TOKEN: "hvs.foreign",
          VAULT_NAMESPACE: "foreign",
          VAULT_PREFIX: "/foreign",
          HTTP_PROXY: "http://127.0.0.1:1",
          http_proxy: "http://127.0.0.1:1"
        }
        yield* Effect.acquireRelease(
          Effect.sync(() => Object.assign(process.env, foreign)),
          () =>
            Effect.sync(() => {
              for (const name of Object.keys(foreign)) delete process.env[name]
            })
        )
        const running = yield* startedServer
        const vault = yield* Layer.build(vaultOf(asAppRole({ ttl: 60 }))).pipe(
          Effect.provideService(VaultServer, running)
        )
        yield* Effect.provide(encrypt, vault)
        const [login, ...others] = yield* running.requests
        assert.deepInclude(login, { path: "auth/approle/login", token: undefined, namespace: "" })
        for (const { namespace, token } of others) assert.notDeepEqual([namespace, token], ["foreign", "hvs.foreign"])
      })
  )

  it.scopedLive("a network failure shows neither token nor plaintext: not in the error, the log or a span", () =>
    Effect.gen(function* () {
      const token = "hvs.canary-token-31bc"
      // Port 1 of this machine has no listener.
      const vault = hashicorpVault("http://127.0.0.1:1", givenToken(token))
      const left = yield* traces(
        Effect.zipRight(Effect.sleep("50 millis"), encrypt).pipe(Effect.provide(vault), Effect.withSpan("caller"))
      )
      assert.include(left, "unreachable")
      assert.include(left, "Vault.encrypt")
      assert.include(left, "could not be renewed")
      assertHides(left, [token, plaintext])
    })
  )

  it.scopedLive("a refused login shows no secret id and is denied", () =>
    Effect.gen(function* () {
      const { url } = yield* startedServer
      const secretId = "canary-secret-id-9c1e"
      const login = { method: "approle", mount: "approle", roleId: "r", secretId: Redacted.make(secretId) } as const
      const mounted = hashicorpVault(url, login)
      const left = yield* traces(Effect.provide(encrypt, mounted))
      assert.include(left, "vault login: denied (404)")
      assertHides(left, [secretId, plaintext])
    })
  )

  it.scopedLive("a redirect is not followed: token and plaintext go to no other server", () =>
    Effect.gen(function* () {
      const { server: first, vault } = yield* prepared
      yield* Effect.provide(check, vault)
      const foreign = yield* startedServer
      const redirect: Disturbance = {
        answer: { status: 307, json: {} },
        headers: { location: `${foreign.url}/v1/transit/encrypt/ws_1` }
      }
      yield* first.disturb(() => redirect)
      assert.deepStrictEqual(yield* unavailable(Effect.provide(encrypt, vault)), ["encrypt", "unexpected-answer", 307])
      assert.deepStrictEqual(yield* foreign.requests, [])
    })
  )

  it.scoped("a Vault that does not answer costs 5 s", () =>
    Effect.gen(function* () {
      const { server, vault } = yield* prepared
      yield* Effect.provide(check, vault)
      yield* server.disturb(() => ({ after: "1 hour" }))
      const before = (yield* server.requests).length
      const running = yield* Effect.fork(unavailable(Effect.provide(encrypt, vault)))
      yield* untilIo(Effect.map(server.requests, (requests) => requests.length > before))
      yield* TestClock.adjust("4999 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(running), ["encrypt", "timeout"])
    })
  )

  it.scoped("an answer that begins and does not end is given up, and its connection is closed", () =>
    Effect.gen(function* () {
      const open = new Set<Socket>()
      let begun = 0
      const silent = createServer((_, response) => {
        begun += 1
        response.writeHead(200, { "content-type": "application/json" })
        response.write('{"data":')
      })
      silent.on("connection", (socket) => {
        open.add(socket)
        socket.on("close", () => open.delete(socket))
      })
      const vault = hashicorpVault(`http://127.0.0.1:${yield* onLoopback(silent)}`, givenToken("t"))
      const running = yield* Effect.fork(unavailable(Effect.provide(check, vault)))
      yield* untilIo(Effect.sync(() => begun === 1))
      yield* untilIo(Effect.zipRight(TestClock.adjust("5 seconds"), Effect.map(Fiber.poll(running), Option.isSome)))
      assert.deepStrictEqual(yield* Fiber.join(running), ["login", "timeout"])
      yield* untilIo(Effect.sync(() => open.size === 0))
    })
  )

  it.scopedLive("a sealed Vault is unavailable until it is unsealed, for calls and for the check", () =>
    Effect.gen(function* () {
      const running = yield* startedServer
      yield* running.seal
      const vault = yield* Layer.build(vaultOf(withToken)).pipe(Effect.provideService(VaultServer, running))
      assert.deepStrictEqual(yield* unavailable(Effect.provide(encrypt, vault)), ["login", "unavailable", 503])
      yield* running.unseal
      const ciphertext = yield* Effect.provide(encrypt, vault)
      yield* running.seal
      assert.deepStrictEqual(yield* unavailable(Effect.provide(decrypt(ciphertext), vault)), [
        "decrypt",
        "unavailable",
        503
      ])
      assert.deepStrictEqual(yield* unavailable(Effect.provide(check, vault)), ["check", "unavailable", 503])
      yield* running.unseal
      assert.strictEqual(Redacted.value(yield* Effect.provide(decrypt(ciphertext), vault)), plaintext)
      yield* Effect.provide(check, vault)
    })
  )

  it.scopedLive("every other answer is what it is: overload, failure, no such engine, no answer of Vault's", () =>
    Effect.gen(function* () {
      const { server, vault } = yield* prepared
      yield* Effect.provide(encrypt, vault)
      const answers: ReadonlyArray<readonly [number, unknown, ReadonlyArray<string | number>]> = [
        [429, { errors: ['request path "transit": rate limit quota exceeded'] }, ["unavailable", 429]],
        [500, { errors: [plaintext] }, ["unavailable", 500]],
        [502, "<html>", ["unavailable", 502]],
        [473, {}, ["unavailable", 473]],
        [404, { errors: ["no handler for route"] }, ["unexpected-answer", 404]],
        // A proxy's 400 is not Vault's: the ciphertext is not refused for it.
        [400, "<html>", ["unexpected-answer", 400]],
        [200, "<html>", ["unexpected-answer"]],
        [200, { data: { [plaintext]: 1 } }, ["unexpected-answer"]],
        [200, { data: { plaintext: `not base64 ${plaintext}` } }, ["unexpected-answer"]]
      ]
      for (const [status, json, expected] of answers) {
        yield* server.disturb(() => ({ answer: { status, json } }))
        const left = yield* traces(Effect.provide(decrypt("vault:v1:AAAA"), vault))
        assertHides(left, [plaintext])
        const failed = unavailable(Effect.provide(decrypt("vault:v1:AAAA"), vault))
        assert.deepStrictEqual(yield* failed, ["decrypt", ...expected], `status ${status}`)
      }
    })
  )

  it.scopedLive("a ciphertext of a version that was retired is refused, newer ones are not", () =>
    Effect.gen(function* () {
      const { server, vault } = yield* prepared
      const old = yield* Effect.provide(encrypt, vault)
      yield* server.rotate("ws_1")
      const young = yield* Effect.provide(encrypt, vault)
      assert.match(old, /^aad:v1:vault:v1:/)
      assert.match(young, /^aad:v1:vault:v2:/)
      yield* server.retireOlderVersions("ws_1")
      assert.instanceOf(yield* Effect.flip(Effect.provide(decrypt(old), vault)), DecryptionRefused)
      assert.strictEqual(Redacted.value(yield* Effect.provide(decrypt(young), vault)), plaintext)
    })
  )

  it.scopedLive("a certificate is checked whatever VAULT_SKIP_VERIFY says, and a CA file makes it known", () =>
    Effect.gen(function* () {
      const tls = yield* selfSigned("127.0.0.1")
      const built = yield* Layer.build(vaultServer({ tls }))
      const { createToken, requests, url } = Context.get(built, VaultServer)
      const login = givenToken(yield* createToken({ ttl: 60 }))
      const caFile = join(yield* temporaryFolder, "ca.pem")
      yield* Effect.promise(() => writeFile(caFile, tls.cert))
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          process.env.VAULT_SKIP_VERIFY = "1"
        }),
        () =>
          Effect.sync(() => {
            delete process.env.VAULT_SKIP_VERIFY
          })
      )
      assert.deepStrictEqual(yield* unavailable(Effect.provide(check, hashicorpVault(url, login))), [
        "login",
        "unreachable"
      ])
      assert.deepStrictEqual(yield* requests, [])
      yield* Effect.provide(check, hashicorpVault(url, login, { caFile: Option.some(caFile) }))
    })
  )

  it.scopedLive("a CA file that is not there stops the start and is named", () =>
    Effect.gen(function* () {
      const vault = hashicorpVault("https://127.0.0.1:1", givenToken("t"), { caFile: Option.some("/absent/ca.pem") })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(vault)))
      assert.strictEqual(error.message, "cannot use the file /absent/ca.pem of vault.ca_file: NotFound")
    })
  )

  it.scopedLive("DEBUG makes nothing print a token or a plaintext", () =>
    Effect.gen(function* () {
      const { createToken, url } = yield* startedServer
      const token = yield* createToken({ ttl: 60 })
      const script = fileURLToPath(new URL("./encryptOnce.ts", import.meta.url))
      const { stderr, stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, [script, url, token, plaintext], {
          env: { DEBUG: "*", VAULT_TOKEN: "hvs.foreign" }
        })
      )
      assertHides(stdout + stderr, [token, plaintext])
    })
  )
})
