import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { VaultServer } from "../../dev/simulators/VaultServer.ts"
import { Builds } from "../../dev/stack/Builds.ts"
import { Certification } from "../../dev/stack/Certification.ts"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { MySqlServer } from "../../dev/stack/MySqlServer.ts"
import { RestateServer } from "../../dev/stack/RestateServer.ts"
import { workerEnvironment } from "../../dev/stack/WorkerProcess.ts"
import { Analytics, StackDatabase, stackSettings, wholeStack } from "../../dev/stack/wholeStack.ts"
import { DependencyReport } from "../../src/operations/dependencies.ts"
import { runHere } from "../support/cli/runHere.ts"
import { restateClient } from "../support/stack/Restate.ts"
import { runCommand } from "./runCommand.ts"

/** Everything that a worker can have around it, and no worker: a check comes before one. */
const world = wholeStack({
  database: Effect.flatMap(MySqlServer, (server) =>
    Effect.as(server.createDatabase("checked"), server.dsnFor("checked"))
  ),
  apex: "unkey.app",
  analyticsUsers: ["ws_local"],
  builds: { repository: "acme/shop", installation: "42" }
})

const settings = Effect.gen(function* () {
  const { admin } = yield* RestateServer
  const environment: Readonly<Record<string, string>> = {
    ...workerEnvironment({ database: yield* StackDatabase, restateAdmin: admin }),
    WORKER_RESTATE_REGISTER_AS: "http://127.0.0.1:1",
    WORKER_DEFAULT_DOMAIN: "unkey.app",
    // The resolvers of the internet may be out of reach where there is no Pebble with a DNS of its own.
    WORKER_DNS_RESOLVERS: "127.0.0.1:1",
    ...(yield* stackSettings)
  }
  return environment
})

const Report = Schema.parseJson(
  Schema.Struct({
    ok: Schema.Boolean,
    problems: Schema.Array(Schema.Unknown),
    dependencies: Schema.Array(DependencyReport)
  })
)

const check = (env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const ended = yield* runHere(["check", "--json"], env)
    return { ...ended, ...(yield* Schema.decode(Report)(ended.output)) }
  })

const statuses = (dependencies: ReadonlyArray<typeof DependencyReport.Type>): Readonly<Record<string, string>> =>
  Object.fromEntries(dependencies.map(({ name, status }) => [name, status]))

/** What this machine has; the rest is not configured, and said so. */
const expected = Effect.gen(function* () {
  const where = (part: Option.Option<unknown>) => (Option.isSome(part) ? "ok" : "not configured")
  const certification = yield* Certification
  const building = where(yield* Builds)
  const analytics = where(yield* Analytics)
  return {
    "mysql primary": "ok",
    "platform names": "ok",
    "mysql replica": "not configured",
    "restate admin": "ok",
    vault: "ok",
    clickhouse: analytics,
    "clickhouse admin": analytics,
    "dns resolvers": Option.isSome(certification) ? "ok" : "failed",
    "acme directory": where(certification),
    "route 53": where(certification),
    registry: building,
    builder: building,
    "github app": building,
    slack: "configured",
    "heartbeat cert-renewal": "configured",
    "heartbeat quota-check": "configured",
    "heartbeat key-refill": "configured"
  }
})

const secretNames = /PASSWORD|SECRET|TOKEN|PEM|WEBHOOK|HEARTBEAT/

layer(world, { excludeTestServices: true, timeout: "5 minutes" })("check", (it) => {
  it.effect("finds everything that a worker is configured with, says what it is, and shows no secret", () =>
    Effect.gen(function* () {
      const env = yield* settings
      const { code, dependencies, errors, ok, output } = yield* check(env)
      assert.deepStrictEqual(statuses(dependencies), yield* expected, output)
      assert.strictEqual(code, ok ? 0 : 1, errors)
      const detailOf = (name: string) => dependencies.find((it) => it.name === name)?.detail ?? ""
      assert.match(detailOf("mysql primary"), /^\d+\.\d+\.\d+.*; \d+ migrations pending/)
      assert.match(detailOf("restate admin"), /^Restate 1\.\d+\.\d+; this worker is not registered yet/)
      if (Option.isSome(yield* Builds)) assert.strictEqual(detailOf("github app"), "App control-plane")
      for (const [name, value] of Object.entries(env)) {
        if (secretNames.test(name) && value.length > 6) assert.notInclude(output + errors, value, name)
      }
    })
  )

  it.effect("changes nothing: no table, no registration, no record, no message", () =>
    Effect.gen(function* () {
      yield* check(yield* settings)
      const restate = restateClient(yield* HttpClient.HttpClient, yield* RestateServer)
      const tables = "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE()"
      assert.strictEqual((yield* queryServer(yield* StackDatabase, tables))[0]?.n, 0)
      assert.deepStrictEqual(yield* restate.sql("SELECT id FROM sys_deployment"), [])
      const requests = Option.match(yield* Builds, { onNone: () => [], onSome: ({ origin }) => origin.gitHub.requests })
      assert.isTrue(
        requests.every((request) => request === "GET /app"),
        requests.join()
      )
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.effect("says whether the vault binds ciphertexts to their rows, as it found out", () =>
    Effect.gen(function* () {
      const { forbid, ignoreAssociatedData } = yield* VaultServer
      const env = yield* settings
      const found = Effect.map(check(env), ({ dependencies }) => {
        const { detail, status } = dependencies.find(({ name }) => name === "vault") ?? {}
        return [status, detail]
      })
      assert.deepStrictEqual(yield* found, ["ok", "hashicorp; binds ciphertexts to their rows"])
      yield* ignoreAssociatedData(true)
      assert.deepStrictEqual(yield* found, [
        "ok",
        "hashicorp; does not bind ciphertexts to their rows: one that is moved to another row is decrypted there"
      ])
      yield* ignoreAssociatedData(false)
      yield* forbid("transit/encrypt/ctrl-worker-check")
      assert.deepStrictEqual(yield* found, [
        "ok",
        "hashicorp; whether it binds ciphertexts to their rows is not known: the test's key may not be used"
      ])
    })
  )

  it.effect(
    "fails for the one dependency that is down, names it and what to do, and asks the others all the same",
    () =>
      Effect.gen(function* () {
        const env = { ...(yield* settings), WORKER_VAULT_URL: "http://127.0.0.1:1" }
        const { code, dependencies, errors } = yield* check(env)
        assert.strictEqual(code, 1)
        assert.include(errors, "vault")
        assert.deepStrictEqual(statuses(dependencies), { ...(yield* expected), vault: "failed" })
        const vault = dependencies.find(({ name }) => name === "vault")
        assert.include(vault?.detail, "http://127.0.0.1:1: ")
        assert.include(vault?.detail, "unreachable")
        assert.include(vault?.advice, "vault.url")
      })
  )

  it.effect("prints the same for people, a line each and without colour into a pipe", () =>
    Effect.gen(function* () {
      const { output } = yield* runCommand(["check"], yield* settings)
      for (const [name, status] of Object.entries(yield* expected)) {
        const line = status === "not configured" ? `^Not configured: .*${name}` : `^${name} +${status}( |$)`
        assert.match(output, new RegExp(line, "m"))
      }
      assert.notInclude(output, "\u001b")
    })
  )

  it.effect("names every problem of the configuration, calls no server, and ends with 1", () =>
    Effect.gen(function* () {
      const { code, dependencies, problems } = yield* check({ WORKER_ACME_ENABLED: "maybe" })
      assert.strictEqual(code, 1)
      // The database is missing as well.
      assert.lengthOf(problems, 2)
      assert.deepStrictEqual(dependencies, [])
    })
  )
})
