import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createConnection } from "mysql2"
import { makeMysqlPool } from "../../../src/layers/mysql/MysqlPool.ts"
import { ping } from "../../../src/layers/mysql/MysqlPools.ts"
import { selfSigned } from "../vault/selfSigned.ts"
import { askingServer, type Question } from "./AskingServer.ts"

const password = "canary-mysql-password"

/** What such a server receives from a worker whose connection fails. */
const heardBy = (question: Question) =>
  Effect.gen(function* () {
    const certificate = yield* selfSigned("127.0.0.1")
    const { heard, port } = yield* askingServer(question, certificate)
    const pool = yield* makeMysqlPool("primary", {
      host: "127.0.0.1",
      port,
      database: "unkey",
      user: "app",
      password: Redacted.make(password),
      connectTimeout: "2 seconds",
      tls: { rejectUnauthorized: false }
    })
    const error = yield* Effect.flip(ping(pool))
    return { error, heard: yield* heard }
  }).pipe(Effect.scoped)

/** One login attempt over TLS without certificate verification; the server rejects everything, so it ends with the timeout. */
const driverAlone = (port: number) =>
  Effect.async<void>((resume) => {
    const ssl = { rejectUnauthorized: false }
    const connection = createConnection({ host: "127.0.0.1", port, user: "app", password, ssl, connectTimeout: 1_000 })
    connection.on("error", () => resume(Effect.void))
  })

const questions = ["sha256_password", "mysql_clear_password"].flatMap((plugin) =>
  (["greeting", "switch"] as const).map((when) => ({ plugin, when }))
)

describe("a database server whose certificate is not verified", () => {
  for (const { plugin, when } of questions)
    it.live(`is not given the password as text when its ${when} asks for ${plugin}`, () =>
      Effect.map(heardBy({ plugin, when }), ({ error, heard }) => {
        assert.include(heard, "app", "it was told who asks")
        assert.notInclude(heard, password)
        assert.notInclude(JSON.stringify(error), password)
      })
    )

  it.live("is given it by the driver when nothing forbids it", () =>
    Effect.gen(function* () {
      const server = yield* askingServer({ plugin: "sha256_password", when: "switch" }, yield* selfSigned("127.0.0.1"))
      yield* driverAlone(server.port)
      assert.include(yield* server.heard, password)
    }).pipe(Effect.scoped)
  )
})
