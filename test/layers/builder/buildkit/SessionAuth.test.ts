import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import fc from "fast-check"
import { authHandlers, decideToken, type SessionRegistry } from "../../../../src/layers/builder/buildkit/SessionAuth.ts"

const offer = { host: "registry.example.com", repository: "team/ws-01/proj-0-a" }
const own = `repository:${offer.repository}`
const anonymous = (...scopes: ReadonlyArray<string>) => ({ _tag: "Fetch", scopes, as: "anonymous" })
const pusher = { _tag: "Fetch", scopes: [`${own}:pull,push`], as: "pusher" }

const decisions: ReadonlyArray<readonly [scopes: ReadonlyArray<string>, decision: object]> = [
  [[`${own}:pull,push`], pusher],
  [[`${own}:push,pull`], pusher],
  [["repository:library/node:pull", `${own}:pull,push`], pusher],
  [[`repository:library/node:pull ${own}:pull,push`], pusher],
  [[`${own}:pull,push,delete`], pusher],
  [[`${own}:pull`], anonymous(`${own}:pull`)],
  [[`${own}-b:pull,push`], anonymous(`${own}-b:pull,push`)],
  [[`repository:team/other:pull,push`], anonymous("repository:team/other:pull,push")],
  [["registry:catalog:*"], anonymous("registry:catalog:*")],
  [[], anonymous()],
  [["x".repeat(3_000)], { _tag: "Refuse" }]
]

describe("tokens that a daemon is given", () => {
  for (const [scopes, decision] of decisions) {
    it(`for ${scopes.join(" and ").slice(0, 80) || "nothing"}`, () => {
      assert.deepStrictEqual(decideToken(offer, { host: "registry.example.com", scopes }), decision as never)
    })
  }

  it("no other registry is given any", () => {
    for (const host of ["registry.example.com.evil.example", "docker.io", ""]) {
      assert.deepStrictEqual(decideToken(offer, { host, scopes: [`${own}:pull,push`] }), { _tag: "Refuse" })
    }
  })

  it("with the pusher's rights they are for the own repository alone, whatever is asked for", () => {
    const scope = fc.oneof(
      fc.constant(`${own}:pull,push`),
      fc.string(),
      fc.string().map((name) => `repository:${name}:push`)
    )
    fc.assert(
      fc.property(fc.array(scope), (scopes) => {
        const decision = decideToken(offer, { host: "registry.example.com", scopes })
        if (decision._tag === "Fetch" && decision.as === "pusher") {
          assert.deepStrictEqual(decision.scopes, [`${own}:pull,push`])
        }
      })
    )
  })

  it.effect("a session proves itself with its own key, which another session does not have", () =>
    Effect.gen(function* () {
      const runtime = yield* Effect.runtime<never>()
      const complete: SessionRegistry = {
        ...offer,
        access: "Tokens",
        username: "builder",
        password: Redacted.make("canary"),
        fetchToken: () => Effect.dieMessage("not asked for")
      }
      const ask = <A>(handler: (call: never, answer: (error: unknown, value: A) => void) => void, request: object) =>
        Effect.async<A>((resume) => handler({ request } as never, (_, value) => resume(Effect.succeed(value))))
      const keyOf = ({ GetTokenAuthority }: ReturnType<typeof authHandlers>) =>
        Effect.map(
          ask<{ publicKey: Buffer }>(GetTokenAuthority as never, { host: offer.host, salt: Buffer.alloc(32) }),
          ({ publicKey }) => publicKey
        )
      const [one, other] = [authHandlers(complete, runtime), authHandlers(complete, runtime)]
      const [key, otherKey] = [yield* keyOf(one), yield* keyOf(other)]
      assert.lengthOf(key, 32)
      assert.isFalse(key.equals(otherKey))
      const payload = Buffer.from("a challenge of the daemon")
      const request = { host: offer.host, payload, salt: Buffer.alloc(32) }
      const { signed } = yield* ask<{ signed: Buffer }>(one.VerifyTokenAuthority as never, request)
      const { x: _, ...shape } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" })
      const publicKey = createPublicKey({ key: { ...shape, x: key.toString("base64url") }, format: "jwk" })
      assert.isTrue(verify(null, payload, publicKey, signed.subarray(0, 64)))
      assert.isTrue(signed.subarray(64).equals(payload))
    })
  )
})
