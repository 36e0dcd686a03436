import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { freshDatabase, sharedMySqlServer } from "../support/stack/Database.ts"

describe("a fresh database", () => {
  it.scoped("is empty, private, uses utf8mb4, and is dropped with its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const first = yield* Scope.extend(freshDatabase, scope)
      const second = yield* freshDatabase
      assert.notStrictEqual(first, second)
      assert.deepStrictEqual(yield* queryServer(first, "SHOW TABLES"), [])
      const [charset] = yield* queryServer(first, "SELECT @@collation_database AS name")
      assert.deepStrictEqual({ ...charset }, { name: "utf8mb4_unicode_ci" })

      yield* Scope.close(scope, Exit.void)
      const server = yield* sharedMySqlServer
      const name = new URL(first).pathname.slice(1)
      assert.deepStrictEqual(yield* queryServer(server.adminUrl, `SHOW DATABASES LIKE '${name}'`), [])
    })
  )
})
