import { spawn } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { runCommand } from "../cli/runCommand.ts"
import { workerProgram } from "../support/stack/workerProgram.ts"

/** Two settings that expose a secret, and one of this machine that does not. `.invalid` has no addresses (RFC 6761, 6.4). */
const settings = {
  WORKER_DATABASE_PRIMARY: "mysql://root:hunter2@127.0.0.1:1/unkey",
  WORKER_VAULT_URL: "http://vault.invalid:8200",
  WORKER_SLACK_QUOTA_CHECK_WEBHOOK_URL: "http://slack.invalid/hunter2"
}

const warnings = [
  {
    setting: "vault.url",
    secret: "the vault's token and what is encrypted",
    address: "http://vault.invalid:8200",
    weakness: "not encrypted"
  },
  {
    setting: "slack.quota_check_webhook_url",
    secret: "the address itself: any caller that knows it can call it",
    address: "http://slack.invalid/…",
    weakness: "not encrypted"
  }
]

const Line = Schema.parseJson(
  Schema.Struct({ level: Schema.String, message: Schema.Unknown, details: Schema.optional(Schema.Unknown) })
)

const Report = Schema.parseJson(Schema.Struct({ warnings: Schema.Array(Schema.Unknown) }))

const told = "A secret is sent without protection"

/** What a firing writes to standard error until these words; it would try for ten minutes to reach the ingress. */
const errorsUntil = (words: string, ingress: string): Effect.Effect<string> =>
  Effect.flatMap(workerProgram, (program) =>
    Effect.async((resume) => {
      const env = { ...program.env, RESTATE_API_KEY: "hunter2" }
      const firing = spawn(process.execPath, [program.file, "cron", "key-refill", "--ingress", ingress], { env })
      let errors = ""
      firing.stderr.on("data", (chunk) => {
        errors += chunk
        if (errors.includes(words)) firing.kill("SIGKILL")
      })
      firing.on("close", () => resume(Effect.succeed(errors)))
      return Effect.sync(() => firing.kill("SIGKILL"))
    })
  )

// Each starts a process of its own, which waits more than it computes.
describe.concurrent("secrets that are sent without protection", () => {
  it.effect("are told at the start, in one line of the log for each setting", () =>
    Effect.gen(function* () {
      const { output } = yield* runCommand(["serve"], settings)
      const lines = yield* Effect.forEach(output.trim().split("\n"), (line) => Schema.decode(Line)(line))
      const written = lines.filter(({ message }) => message === told)
      assert.deepStrictEqual(
        written.map(({ level }) => level),
        ["warn", "warn"]
      )
      for (const [at, warning] of warnings.entries()) assert.deepStrictEqual(written[at]?.details, warning)
      assert.notInclude(output, "hunter2")
    })
  )

  it.effect("are warnings of check, as text and as JSON", () =>
    Effect.gen(function* () {
      const { output: json } = yield* runCommand(["check", "--json"], settings)
      assert.deepStrictEqual((yield* Schema.decode(Report)(json)).warnings, warnings)
      const { output } = yield* runCommand(["check"], settings)
      assert.match(output, /^configuration +warning/m)
      assert.include(
        output,
        "  vault.url: the vault's token and what is encrypted → http://vault.invalid:8200, not encrypted"
      )
      assert.notInclude(json + output, "hunter2")
    })
  )

  it.effect("are told by a schedule that is fired with a key for the ingress", () =>
    Effect.map(errorsUntil(told, "http://restate.invalid:8080"), (errors) => {
      assert.include(errors, told)
      assert.include(errors, "http://restate.invalid:8080")
      assert.notInclude(errors, "hunter2")
    })
  )
})
