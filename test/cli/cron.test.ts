import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { firingOf, schedules } from "../../src/contract/schedules.ts"
import { pathOf } from "../../src/operations/RestateIngress.ts"
import { runHere } from "../support/cli/runHere.ts"
import { httpStub, type Reply } from "../support/HttpStub.ts"
import { runCommand } from "./runCommand.ts"

const key = "restate-canary-key"
const accepted: Reply = { status: 202, body: '{"invocationId":"inv_1","status":"Accepted"}' }
const at = "2026-02-28T23:45:00Z"

// They wait more than they compute.
describe.concurrent("cron", () => {
  it.scopedLive(
    "fires a schedule with nothing but the ingress and its key, and outlasts an ingress that is not ready",
    () =>
      Effect.gen(function* () {
        const { received, url } = yield* httpStub((_, nth) => (nth === 1 ? { status: 503 } : accepted))
        const { code, output } = yield* runCommand(["cron", "key-refill", "--at", at], {
          RESTATE_INGRESS: `${url}/`,
          RESTATE_API_KEY: key
        })
        assert.strictEqual(code, 0)
        assert.match(
          output,
          /^hydra\.v1\.KeyRefillService\/2026-02-28\/RunRefill\/send with key-refill-2026-02-28: \{"invocationId":"inv_1".*\n$/
        )
        const schedule = schedules.find(({ name }) => name === "key-refill") ?? assert.fail("it is on the list")
        const firing = firingOf(schedule, Date.parse(at))
        assert.deepStrictEqual(
          received.map((it) => [it.path, it.headers["idempotency-key"], it.headers.authorization, it.body]),
          Array.from({ length: 2 }, () => [`/${pathOf(firing)}`, firing.idempotencyKey, `Bearer ${key}`, "{}"])
        )
      })
  )

  it.scopedLive(
    "--again fires under a key of its own, and reissue orders the certificate of a name in any spelling",
    () =>
      Effect.gen(function* () {
        const { received, url } = yield* httpStub(() => accepted)
        const again = yield* runCommand(["cron", "key-refill", "--at", at, "--again", "--ingress", url])
        assert.strictEqual(again.code, 0, again.errors)
        const reissued = yield* runCommand(["reissue", "WWW.Example.com.", "--ingress", url])
        assert.deepStrictEqual(
          { code: reissued.code, output: reissued.output },
          { code: 0, output: "a new certificate of www.example.com is ordered by inv_1\n" }
        )
        const [fired, ordered] = received
        assert.strictEqual(fired?.path, "/hydra.v1.KeyRefillService/2026-02-28/RunRefill/send")
        assert.match(String(fired?.headers["idempotency-key"]), /^key-refill-2026-02-28-again-\d+$/)
        assert.strictEqual(ordered?.path, "/hydra.v1.CertificateService/www.example.com/ReissueCertificate/send")
        assert.strictEqual(ordered?.body, '{"domain":"www.example.com"}')
        const refused = yield* runCommand(["reissue", "not a name", "--ingress", url])
        assert.strictEqual(refused.code, 1)
        assert.include(refused.errors, "reissue: not a domain name that can be served")
        assert.lengthOf(received, 2)
      })
  )

  it.scopedLive("prefers the address that it is given, and sends no key where there is none", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(() => accepted)
      const { code } = yield* runHere(["cron", "quota-check", "--ingress", url], {
        RESTATE_INGRESS: "http://127.0.0.1:1",
        RESTATE_API_KEY: ""
      })
      assert.strictEqual(code, 0)
      assert.isUndefined(received[0]?.headers.authorization)
    })
  )

  it.scopedLive("takes the address of the settings where nothing else names it, and reads no other setting", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub((_, nth) => (nth === 1 ? { status: 503 } : accepted))
      const ended = yield* runHere(["cron", "quota-check"], {
        WORKER_RESTATE_INGRESS_URL: url,
        WORKER_DATABASE_PRIMARY: "nonsense"
      })
      assert.strictEqual(ended.code, 0)
      assert.lengthOf(received, 2)
      const host = new URL(url).host
      assert.strictEqual(
        ended.errors,
        `Restate's ingress does not take the message; trying again (address ${host}, problem status 503, retry in 1s, attempt 2 of 9)\n`
      )
    })
  )

  it.scopedLive("ends with 1 and says why when its key is refused, and never shows the key", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(() => ({ status: 401, body: '{"message":"who are you"}' }))
      const ended = yield* runHere(["cron", "key-refill"], { RESTATE_INGRESS: url, RESTATE_API_KEY: key })
      assert.strictEqual(ended.code, 1)
      assert.match(ended.errors, /^key-refill was not fired: .*denied 401: who are you \(check the API key\)\n$/)
      assert.lengthOf(received, 1)
      assert.notInclude(ended.output + ended.errors, key)
    })
  )

  it.live("ends with 1 when no setting says where the ingress is, or not with an address", () =>
    Effect.gen(function* () {
      const [none, strange] = yield* Effect.all([
        runHere(["cron", "key-refill"]),
        runHere(["cron", "key-refill"], { RESTATE_INGRESS: "restate:8080" })
      ])
      const secret = yield* runHere(["cron", "key-refill"], { RESTATE_INGRESS: `http://me:${key}@restate:8080` })
      assert.strictEqual(secret.code, 1)
      assert.include(secret.errors, "must not contain a user or a password")
      assert.notInclude(secret.errors, key)
      assert.strictEqual(none.code, 1)
      assert.include(none.errors, "give --ingress, or set restate.ingress_url or RESTATE_INGRESS")
      assert.strictEqual(strange.code, 1)
      assert.include(strange.errors, "expected an http:// or https:// address")
    })
  )
})
