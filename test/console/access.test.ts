import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import { token, withToken } from "./console.ts"
import { type Answer, onConsole } from "./onConsole.ts"

const form = { "content-type": "application/x-www-form-urlencoded" }
const json = { "content-type": "application/json" }

const cookieOf = ({ headers }: Answer): string => headers.get("set-cookie") ?? ""
const sessionOf = (answer: Answer): string => cookieOf(answer).split(";")[0] ?? ""

describe("the access to the console", () => {
  it.effect("is refused without a login, for every path of the API", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        for (const path of ["/api/about", "/api/deployments", "/api/no-such-thing", "/api/"]) {
          const answer = yield* ask(path)
          assert.strictEqual(answer.status, 401, path)
          assert.deepStrictEqual(JSON.parse(answer.text), { error: "log in first", suggestions: [] })
        }
      })
    )
  )

  it.effect("is given to the holder of the token, and the answer names no user", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const answer = yield* ask("/api/about", { headers: withToken })
        assert.strictEqual(answer.status, 200)
        assert.deepStrictEqual(JSON.parse(answer.text), {
          data: {
            version: "1.2.3",
            actions: false,
            user: null,
            hasLogin: true,
            traceUrl: null,
            restateUi: null,
            sources: ["database", "restate"]
          },
          missing: []
        })
      })
    )
  )

  it.effect("is given to a session for 12 hours, which no other page and no script can read or send", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const login = yield* ask("/login", { method: "POST", headers: form, body: `token=${token}&next=/deployments` })
        assert.strictEqual(login.status, 303)
        assert.strictEqual(login.headers.get("location"), "/deployments")
        assert.match(
          cookieOf(login),
          /^console_session=\d+\.[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/
        )
        const cookie = sessionOf(login)
        assert.strictEqual((yield* ask("/api/about", { headers: { cookie } })).status, 200)
        yield* TestClock.adjust("12 hours")
        assert.strictEqual((yield* ask("/api/about", { headers: { cookie } })).status, 401)
      })
    )
  )

  it.effect("ends with a session whose end was moved, and with the token that made it", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const login = yield* ask("/login", { method: "POST", headers: json, body: JSON.stringify({ token }) })
        assert.strictEqual(login.status, 204)
        const [, expiresAt = "", mac = ""] = /=(\d+)\.(.+)$/.exec(sessionOf(login)) ?? []
        const moved = `console_session=${Number(expiresAt) + 1}.${mac}`
        assert.strictEqual((yield* ask("/api/about", { headers: { cookie: moved } })).status, 401)
        for (const broken of ["", ".", `${expiresAt}.`, `${expiresAt}.${mac}.x`, `NaN.${mac}`, `1e99.${mac}`])
          assert.strictEqual(
            (yield* ask("/api/about", { headers: { cookie: `console_session=${broken}` } })).status,
            401
          )
      })
    )
  )

  it.effect("sends the session's cookie over TLS alone if the browser came over TLS", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const headers = { ...form, "x-forwarded-proto": "https" }
        const login = yield* ask("/login", { method: "POST", headers, body: `token=${token}` })
        assert.include(cookieOf(login), "; Secure")
      })
    )
  )

  it.effect("refuses an address for a minute after ten wrong tokens, also with the right one, and no other", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const guess = { method: "POST", headers: form, body: "token=wrong" }
        for (let attempt = 0; attempt < 10; attempt++) assert.strictEqual((yield* ask("/login", guess)).status, 401)
        assert.strictEqual((yield* ask("/login", guess)).status, 429)
        assert.strictEqual((yield* ask("/api/about", { headers: withToken })).status, 429)
        assert.strictEqual((yield* ask("/api/about", { headers: withToken, from: "192.0.2.2" })).status, 200)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* ask("/api/about", { headers: withToken })).status, 200)
      })
    )
  )

  it.effect("leads after the login to its own pages only", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "/\nx", ""]) {
          const body = new URLSearchParams({ token, next }).toString()
          const login = yield* ask("/login", { method: "POST", headers: form, body })
          assert.strictEqual(login.headers.get("location"), "/", JSON.stringify(next))
        }
      })
    )
  )

  it.effect("writes nothing of a request into the login page unescaped", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const { text } = yield* ask(`/login?next=${encodeURIComponent('/"><script>x</script>')}`)
        assert.notInclude(text, "<script>")
      })
    )
  )

  it.effect("takes the name of a user from a trusted proxy's header alone", () =>
    onConsole(
      (ask) =>
        Effect.gen(function* () {
          const headers = { "x-forwarded-user": "ada" }
          const named = yield* ask("/api/about", { headers, from: "10.1.2.3" })
          assert.strictEqual(JSON.parse(named.text).data.user, "ada")
          const onDualStack = yield* ask("/api/about", { headers, from: "::ffff:10.1.2.3" })
          assert.strictEqual(onDualStack.status, 200)
          for (const from of ["192.0.2.1", "unknown", "::1", "11.0.0.1"])
            assert.strictEqual((yield* ask("/api/about", { headers, from })).status, 401, from)
          for (const name of ["", " ", "a".repeat(200)])
            assert.strictEqual(
              (yield* ask("/api/about", { headers: { "x-forwarded-user": name }, from: "10.1.2.3" })).status,
              401
            )
          assert.strictEqual((yield* ask("/api/about", { headers: withToken })).status, 401)
          assert.strictEqual(
            (yield* ask("/login", { method: "POST", headers: form, body: `token=${token}` })).status,
            404
          )
        }),
      {
        settings: { token: Option.none(), userHeader: Option.some("x-forwarded-user"), trustedProxies: ["10.0.0.0/8"] }
      }
    )
  )

  it.effect("refuses a login that a page of another site sends", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        const others: ReadonlyArray<Record<string, string>> = [
          { "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" },
          { "sec-fetch-site": "none" },
          { origin: "https://evil.example" },
          { origin: "null" }
        ]
        for (const other of others) {
          const headers = { ...form, host: "console.example", ...other }
          assert.strictEqual((yield* ask("/login", { method: "POST", headers, body: `token=${token}` })).status, 403)
        }
        for (const own of [{ "sec-fetch-site": "same-origin" }, { origin: "https://console.example" }]) {
          const headers = { ...form, host: "console.example", ...own }
          assert.strictEqual((yield* ask("/login", { method: "POST", headers, body: `token=${token}` })).status, 303)
        }
      })
    )
  )

  it.effect("gives every answer the headers that keep it out of caches, frames and other sites", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        for (const path of ["/", "/main.js", "/login", "/api/about", "/no-such.js", "/deployments/d_1"]) {
          const { headers } = yield* ask(path)
          assert.strictEqual(headers.get("cache-control"), "no-store", path)
          assert.strictEqual(headers.get("x-content-type-options"), "nosniff", path)
          assert.strictEqual(headers.get("referrer-policy"), "no-referrer", path)
          const policy = headers.get("content-security-policy") ?? ""
          for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
            assert.include(policy, part)
          assert.notInclude(policy, "unsafe")
        }
      })
    )
  )

  it.effect("serves the page for every path of a subject, and no file but the page's", () =>
    onConsole((ask) =>
      Effect.gen(function* () {
        for (const path of ["/", "/deployments", "/deployments/d_1?tab=log", "/domains/www.example.com"])
          assert.strictEqual((yield* ask(path)).text, "<!doctype html>", path)
        assert.strictEqual((yield* ask("/main.js")).text, "run()")
        for (const path of ["/package.json", "/.env", "/..%2fpackage.json"])
          assert.notInclude((yield* ask(path)).text, "version", path)
        assert.strictEqual((yield* ask("/main.js", { method: "PUT" })).status, 405)
      })
    )
  )
})
