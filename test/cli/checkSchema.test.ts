import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { DependencyReport } from "../../src/operations/dependencies.ts"
import { runHere } from "../support/cli/runHere.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const Report = Schema.parseJson(Schema.Struct({ dependencies: Schema.Array(DependencyReport) }))

const settings = (database: string) => ({
  WORKER_DATABASE_PRIMARY: database,
  WORKER_CNAME_DOMAIN: "cname.unkey.local",
  WORKER_RESTATE_ADMIN_URL: "http://127.0.0.1:1",
  WORKER_DNS_RESOLVERS: "127.0.0.1:1"
})

/** What `check` says of the primary. */
const primary = Effect.fnUntraced(function* (env: Readonly<Record<string, string>>) {
  const { output } = yield* runHere(["check", "--json"], env)
  const { dependencies } = yield* Schema.decode(Report)(output)
  return dependencies.find(({ name }) => name === "mysql primary")
})

describe("check of the schema", () => {
  it.live("is ok and names an index that was dropped", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* runHere(["migrate", "--apply"], settings(database))
      const complete = yield* primary(settings(database))
      assert.match(complete?.detail ?? "", /; schema up to date$/)
      yield* queryServer(database, "DROP INDEX acme_challenges_expires_at_idx ON acme_challenges")
      const report = yield* primary(settings(database))
      assert.strictEqual(report?.status, "ok")
      assert.include(report?.detail, "index acme_challenges_expires_at_idx of acme_challenges is missing")
      assert.include(report?.detail, "migrate --apply")
    }).pipe(Effect.scoped)
  )

  it.live("fails for a database of a later version of Unkey, and says which are served", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* queryServer(database, "CREATE TABLE deployment_changes (pk bigint unsigned AUTO_INCREMENT PRIMARY KEY)")
      const report = yield* primary(settings(database))
      assert.strictEqual(report?.status, "failed")
      assert.include(report?.detail, "table deployment_changes")
      assert.include(report?.advice, "v2.0.83 to v2.0.87")
    }).pipe(Effect.scoped)
  )

  it.live("fails where a start with database.migrate off would", () =>
    Effect.gen(function* () {
      const report = yield* primary({ ...settings(yield* freshDatabase), WORKER_DATABASE_MIGRATE: "off" })
      assert.strictEqual(report?.status, "failed")
      assert.include(report?.advice, "migrate --apply")
    }).pipe(Effect.scoped)
  )
})
