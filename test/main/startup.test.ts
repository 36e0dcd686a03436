import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { requireNode } from "../../src/cli/nodeVersion.ts"
import { temporaryFolder } from "../layers/vault/support.ts"
import { cannotRun, runWorker } from "./runWorker.ts"

// Each starts a process of its own, which waits more than it computes.
describe.concurrent("a worker that cannot run", () => {
  it.effect("[W1] names every problem of its configuration and exits with 1", () =>
    Effect.gen(function* () {
      const { code, errors, fatal } = yield* runWorker({
        WORKER_DATABASE_PRIMARY: "mysql://root:hunter2@127.0.0.1/",
        WORKER_RESTATE_DRAIN_TIMEOUT: "soon",
        WORKER_CNAME_DOMAIN: "not a name"
      })
      assert.deepStrictEqual([code, errors, fatal.map(({ message }) => message)], [1, "", ["The worker cannot run"]])
      const problem = fatal[0]?.problem ?? ""
      const lines = problem.split("\n")
      assert.strictEqual(lines[0], "The configuration has 3 problems:")
      assert.lengthOf(lines, 4)
      assert.match(problem, /database\.primary .*names no database/)
      assert.match(problem, /restate\.drain_timeout .*expected a duration/)
      assert.match(problem, /cname_domain .*expected a host name/)
      assert.notInclude(problem, "hunter2")
    })
  )

  it.effect("[W1] gives up on a database that does not answer, says which, and exits with 1", () =>
    Effect.gen(function* () {
      const ended = yield* runWorker({
        WORKER_CNAME_DOMAIN: "cname.unkey.local",
        // Port 1 of this machine: no program listens there, so every attempt is refused at once.
        WORKER_DATABASE_PRIMARY: "mysql://root:hunter2@127.0.0.1:1/unkey"
      })
      const problem =
        "cannot use the database at 127.0.0.1:1/unkey: the connection is refused: no server listens at this address (ECONNREFUSED)."
      const advice = "Check that it runs and what database.primary and database.readonly_replica say"
      assert.deepStrictEqual(ended, cannotRun(`${problem} ${advice}`))
    })
  )

  it.effect("[W46] refuses certificates without a vault to keep their keys in, and names what is missing", () =>
    Effect.gen(function* () {
      const ended = yield* runWorker({
        WORKER_CNAME_DOMAIN: "cname.unkey.local",
        WORKER_DATABASE_PRIMARY: "mysql://root:hunter2@127.0.0.1:1/unkey",
        WORKER_ACME_ENABLED: "true"
      })
      const required = "is required because acme.enabled is true: keys of certificates are kept in the vault"
      assert.deepStrictEqual(
        ended,
        cannotRun(`The configuration has 1 problem:\n  vault.url (WORKER_VAULT_URL): ${required}`)
      )
    })
  )

  it.effect("names the key file of a local vault that others may read, and exits with 1", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "keys")
      yield* Effect.promise(() => writeFile(file, "k1 secret", { mode: 0o644 }))
      const { code, errors, fatal } = yield* runWorker({
        WORKER_CNAME_DOMAIN: "cname.unkey.local",
        WORKER_DATABASE_PRIMARY: "mysql://root:hunter2@127.0.0.1:1/unkey",
        WORKER_VAULT_KIND: "local",
        WORKER_VAULT_KEY_FILE: file
      })
      assert.deepStrictEqual([code, errors, fatal.map(({ message }) => message)], [1, "", ["The worker cannot run"]])
      assert.include(
        fatal[0]?.problem,
        `cannot use the file ${file} of vault.key_file: others than its owner may read it; its mode must be 0600`
      )
      assert.notInclude(fatal[0]?.problem, "k1 secret")
    }).pipe(Effect.scoped)
  )

  it.effect("says which Node.js it needs on an older one", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(requireNode("22.18.0"))
      assert.strictEqual(refused.message, "Node.js 24 or later is needed; this is 22.18.0")
      yield* requireNode("24.0.0")
      yield* requireNode("25.1.0")
    })
  )
})
