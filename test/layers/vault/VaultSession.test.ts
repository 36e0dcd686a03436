import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Logger, Redacted, TestClock } from "effect"
import { VaultServer, vaultServer } from "../../../dev/simulators/VaultServer.ts"
import type { VaultRequest } from "../../../dev/simulators/vault/VaultState.ts"
import type { VaultLogin } from "../../../src/layers/vault/hashicorp/login.ts"
import { certificateKey } from "../../../src/services/vault/Purpose.ts"
import { Vault, VaultUnavailable } from "../../../src/services/vault/Vault.ts"
import { sleepingUntil, untilIo } from "../../support/untilIo.ts"
import { asAppRole, givenToken, temporaryFolder, vaultOf } from "./support.ts"

const purpose = certificateKey("app.example.com")
const encrypt = Effect.flatMap(Vault, (vault) => vault.encrypt("ws_1", Redacted.make("secret"), purpose))

const build = <E>(login: Effect.Effect<VaultLogin, E, VaultServer>) =>
  Effect.gen(function* () {
    const server = Context.get(yield* Layer.build(vaultServer()), VaultServer)
    const vault = yield* Layer.build(vaultOf(login)).pipe(Effect.provideService(VaultServer, server))
    const paths = Effect.map(server.requests, (requests) => requests.map(({ path }) => path))
    return { ...server, encrypt: Effect.provide(encrypt, vault), paths }
  })

const isPath = (path: string) => (requested: VaultRequest) => requested.path === path
const renewal = "auth/token/renew-self"
const appRoleLogin = "auth/approle/login"
const failing = { answer: { status: 500, json: { errors: ["internal error"] } } }

const count = (paths: ReadonlyArray<string>, path: string) => paths.filter((it) => it === path).length

const denied = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, VaultUnavailable)
    assert.strictEqual(error.reason, "denied")
  })

/** Log lines of this scope. */
const recordLog = Effect.gen(function* () {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => {
    lines.push(String(message))
  })
  return { lines, layer: Logger.replace(Logger.defaultLogger, logger) }
})

describe("a session with Vault", () => {
  it.scoped("a token is renewed after two thirds of its time, again and again", () =>
    Effect.gen(function* () {
      const { encrypt, paths } = yield* build(asAppRole({ ttl: 60 }))
      yield* untilIo(sleepingUntil(40_000))
      for (const round of [1, 2, 3]) {
        yield* TestClock.adjust("40 seconds")
        yield* untilIo(sleepingUntil((round + 1) * 40_000))
        assert.strictEqual(count(yield* paths, renewal), round)
      }
      yield* encrypt
      assert.strictEqual(count(yield* paths, appRoleLogin), 1)
    })
  )

  it.scoped("a token that nears its maximum gives way to that of another login", () =>
    Effect.gen(function* () {
      const { encrypt, paths, tokens } = yield* build(asAppRole({ ttl: 60, maxTtl: 65 }))
      yield* untilIo(sleepingUntil(40_000))
      yield* TestClock.adjust("40 seconds")
      yield* untilIo(sleepingUntil(80_000))
      assert.deepStrictEqual((yield* paths).slice(-2), [renewal, appRoleLogin])
      assert.strictEqual(yield* tokens, 2)
      yield* TestClock.adjust("30 seconds")
      yield* encrypt
    })
  )

  it.scoped("a token that cannot be renewed is replaced by another login in time", () =>
    Effect.gen(function* () {
      const { paths } = yield* build(asAppRole({ ttl: 60, renewable: false }))
      yield* untilIo(sleepingUntil(40_000))
      yield* TestClock.adjust("40 seconds")
      yield* untilIo(sleepingUntil(80_000))
      assert.deepStrictEqual(yield* paths, [appRoleLogin, appRoleLogin])
    })
  )

  it.scoped("a renewal that fails is made up for by another login", () =>
    Effect.gen(function* () {
      const { disturb, encrypt, tokens } = yield* build(asAppRole({ ttl: 60 }))
      yield* untilIo(sleepingUntil(40_000))
      yield* disturb((request) => (isPath(renewal)(request) ? failing : undefined))
      yield* TestClock.adjust("40 seconds")
      yield* untilIo(sleepingUntil(80_000))
      assert.strictEqual(yield* tokens, 2)
      yield* TestClock.adjust("39 seconds")
      yield* encrypt
    })
  )

  it.scoped("renewals that fail for long are tried until one succeeds, and the session goes on", () =>
    Effect.gen(function* () {
      const { disturb, encrypt, paths } = yield* build(
        Effect.map(
          Effect.flatMap(VaultServer, (server) => server.createToken({ ttl: 60 })),
          givenToken
        )
      )
      yield* untilIo(sleepingUntil(40_000))
      yield* disturb(() => failing)
      // At 40 s, then after 1, 2 and 4 s.
      yield* TestClock.adjust("40 seconds")
      for (const next of [41_000, 43_000, 47_000]) {
        yield* untilIo(sleepingUntil(next))
        yield* TestClock.setTime(next)
      }
      yield* untilIo(sleepingUntil(55_000))
      assert.strictEqual(count(yield* paths, renewal), 4)
      yield* disturb(() => undefined)
      yield* TestClock.setTime(55_000)
      yield* untilIo(sleepingUntil(95_000))
      yield* TestClock.setTime(90_000)
      yield* encrypt
    })
  )

  it.scoped("a Vault that is away at the start is asked until it lets us in", () =>
    Effect.gen(function* () {
      const log = yield* recordLog
      const server = Context.get(yield* Layer.build(vaultServer()), VaultServer)
      yield* server.seal
      yield* Layer.build(vaultOf(asAppRole({ ttl: 60 }))).pipe(
        Effect.provideService(VaultServer, server),
        Effect.provide(log.layer)
      )
      yield* untilIo(sleepingUntil(1_000))
      yield* server.unseal
      yield* TestClock.adjust("1 second")
      yield* untilIo(sleepingUntil(41_000))
      assert.strictEqual(yield* server.tokens, 1)
      assert.include(log.lines.join(), "could not be renewed")
    })
  )

  it.scoped("an AppRole's token that was revoked is replaced once, by one login for all who find out", () =>
    Effect.gen(function* () {
      const { encrypt, paths, revokeTokens } = yield* build(asAppRole({ ttl: 60 }))
      yield* encrypt
      yield* revokeTokens
      yield* Effect.all(Effect.replicate(encrypt, 16), { concurrency: "unbounded" })
      assert.strictEqual(count(yield* paths, appRoleLogin), 2)
    })
  )

  it.scoped("an expired token is replaced when it is used", () =>
    Effect.gen(function* () {
      const { disturb, encrypt } = yield* build(asAppRole({ ttl: 60 }))
      yield* untilIo(sleepingUntil(40_000))
      yield* disturb(() => failing)
      yield* TestClock.adjust("40 seconds")
      yield* untilIo(sleepingUntil(41_000))
      yield* disturb(() => undefined)
      // The background renewal is due at 41 s; a call finds the token expired before that.
      yield* TestClock.setTime(60_000)
      yield* encrypt
    })
  )

  it.scoped("a login that is refused after a revocation is denied, not tried again and again", () =>
    Effect.gen(function* () {
      const { disturb, encrypt, paths, revokeTokens } = yield* build(asAppRole({ ttl: 60 }))
      yield* encrypt
      yield* revokeTokens
      yield* disturb((request) =>
        isPath(appRoleLogin)(request)
          ? { answer: { status: 400, json: { errors: ["invalid role or secret ID"] } } }
          : undefined
      )
      yield* denied(encrypt)
      assert.strictEqual(count(yield* paths, appRoleLogin), 2)
    })
  )

  it.scoped("a given token that was revoked is denied", () =>
    Effect.gen(function* () {
      const { encrypt, revokeTokens } = yield* build(
        Effect.map(
          Effect.flatMap(VaultServer, (server) => server.createToken({ ttl: 0 })),
          givenToken
        )
      )
      yield* encrypt
      yield* revokeTokens
      yield* denied(encrypt)
    })
  )

  it.scoped("what no policy allows is denied without another login: more tokens would not help", () =>
    Effect.gen(function* () {
      const { encrypt, forbid, paths } = yield* build(asAppRole({ ttl: 60 }))
      yield* forbid("transit/encrypt")
      yield* denied(encrypt)
      assert.strictEqual(count(yield* paths, appRoleLogin), 1)
    })
  )

  it.scoped("a given token that ends whatever we do is told of at the start, and not asked about every second", () =>
    Effect.gen(function* () {
      const log = yield* recordLog
      const server = Context.get(yield* Layer.build(vaultServer()), VaultServer)
      const login = Effect.map(server.createToken({ ttl: 7_200, renewable: false }), givenToken)
      yield* Layer.build(vaultOf(login)).pipe(Effect.provideService(VaultServer, server), Effect.provide(log.layer))
      yield* untilIo(sleepingUntil(3_600_000))
      assert.include(log.lines.join(), "cannot be renewed")
      assert.lengthOf(yield* server.requests, 1)
    })
  )

  it.scoped("the service account's token is read at each login, and one that is missing is denied", () =>
    Effect.gen(function* () {
      const tokenFile = join(yield* temporaryFolder, "token")
      const login: VaultLogin = { method: "kubernetes", mount: "kubernetes", role: "worker", tokenFile }
      const allow = (jwt: string) =>
        Effect.flatMap(VaultServer, (server) => server.allowServiceAccount({ role: "worker", jwt }, { ttl: 3_600 }))
      const { encrypt, requests, revokeTokens } = yield* build(
        Effect.as(Effect.zipRight(allow("first"), allow("second")), login)
      )
      yield* denied(encrypt)
      yield* Effect.promise(() => writeFile(tokenFile, "first"))
      yield* encrypt
      yield* Effect.promise(() => writeFile(tokenFile, "second\n"))
      yield* revokeTokens
      yield* encrypt
      const logins = (yield* requests).filter(isPath("auth/kubernetes/login"))
      assert.deepStrictEqual(
        logins.map(({ body }) => body),
        [
          { role: "worker", jwt: "first" },
          { role: "worker", jwt: "second" }
        ]
      )
    })
  )

  it.scoped("ends with its scope", () =>
    Effect.gen(function* () {
      const server = Context.get(yield* Layer.build(vaultServer()), VaultServer)
      const held = yield* Effect.fork(
        Effect.scoped(
          Effect.zipRight(
            Layer.build(vaultOf(asAppRole({ ttl: 60 }))).pipe(Effect.provideService(VaultServer, server)),
            Effect.never
          )
        )
      )
      yield* untilIo(sleepingUntil(40_000))
      yield* Fiber.interrupt(held)
      const before = (yield* server.requests).length
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* server.requests, before)
    })
  )
})
