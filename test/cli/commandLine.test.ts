import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { logLines } from "../main/runWorker.ts"
import { runHere } from "../support/cli/runHere.ts"
import { runCommand } from "./runCommand.ts"

const commands = [
  "serve",
  "migrate",
  "check",
  "status",
  "deploy",
  "build",
  "domain",
  "certificate",
  "refill",
  "resume",
  "retry",
  "cancel",
  "kill",
  "register",
  "versions",
  "cron",
  "reissue",
  "backup-check"
]
const escape = "\u001b"

/** Two processes at once are what the machines of a pipeline have processors for. */
const each = <A, B>(items: ReadonlyArray<A>, run: (item: A) => Effect.Effect<B>) =>
  Effect.forEach(items, run, { concurrency: 2 })

// They wait more than they compute.
describe.concurrent("the command line", () => {
  it.live("names every command in its help, and each explains itself and its options", () =>
    Effect.gen(function* () {
      const { code, errors, output } = yield* runCommand(["--help"])
      assert.deepStrictEqual({ code, errors }, { code: 0, errors: "" })
      assert.include(output, "$ control-plane-worker [--config file.toml]")
      for (const command of commands) assert.match(output, new RegExp(`^  - ${command} .* {2}[A-Z].*\\.$`, "m"))
      const explained = yield* each(commands, (command) => runHere([command, "--help"]))
      for (const [index, help] of explained.entries()) {
        assert.deepStrictEqual({ code: help.code, errors: help.errors }, { code: 0, errors: "" })
        assert.include(help.output, `$ control-plane-worker ${commands[index]}`)
        assert.include(help.output, "DESCRIPTION")
      }
    })
  )

  it.live("paints nothing that goes into a pipe", () =>
    Effect.gen(function* () {
      const [help, wrong] = yield* each([["--help"], ["cron", "nonsense"]], (args) => runCommand(args))
      assert.notInclude(help?.output, escape)
      assert.notInclude(wrong?.errors, escape)
    })
  )

  it.live("tells its version", () =>
    Effect.map(runCommand(["--version"]), (ended) =>
      assert.deepStrictEqual(ended, { code: 0, output: `${packageJson.version}\n`, errors: "" })
    )
  )

  it.live("completes its commands and their options in bash, zsh and fish", () =>
    Effect.gen(function* () {
      const scripts = yield* each(["bash", "zsh", "fish"], (shell) => runHere(["--completions", shell]))
      for (const { code, output } of scripts) {
        assert.strictEqual(code, 0)
        for (const command of commands) assert.include(output, command)
        assert.include(output, "apply")
      }
      assert.match(scripts[0]?.output ?? "", new RegExp(`opts="[^"]*${commands.toSorted().join('[^"]* ')}`))
    })
  )

  const mistakes = [
    { args: ["bogus"], says: "'serve'" },
    { args: ["--config", "x.toml", "statsu"], says: "There is no command statsu. Did you mean status?" },
    { args: ["status", "--limit", "0"], says: "--limit must be from 1 to 1000" },
    { args: ["serve", "--bogus"], says: "--bogus" },
    { args: ["cron"], says: "<task>" },
    { args: ["cron", "nonsense"], says: "key-refill" },
    { args: ["cron", "key-refill", "--at", "yesterday"], says: "yesterday" }
  ]
  it.live("says what is wrong with what was typed, and ends with 1", () =>
    Effect.gen(function* () {
      const ended = yield* each(mistakes, ({ args }) => runHere(args))
      for (const [index, { code, errors, output }] of ended.entries()) {
        assert.deepStrictEqual({ code, output }, { code: 1, output: "" })
        assert.include(errors, mistakes[index]?.says ?? "a mistake of the list")
      }
    })
  )

  const placements = [
    ["--config", "absent.toml"],
    ["serve", "--config=absent.toml"],
    ["--config", "absent.toml", "serve"]
  ]
  it.live("serves without a command and with one, and takes --config before and after it, else UNKEY_CONFIG", () =>
    Effect.gen(function* () {
      const ended = [
        ...(yield* each(placements, (args) => runCommand(args, { UNKEY_CONFIG: "other.toml" }))),
        yield* runCommand([], { UNKEY_CONFIG: "absent.toml" })
      ]
      const problem = "The configuration has 1 problem:\n  absent.toml: cannot be read (NotFound)"
      for (const { code, errors, output } of ended) {
        assert.deepStrictEqual([code, errors], [1, ""])
        assert.deepStrictEqual(logLines(output), [{ level: "error", message: "The worker cannot run", problem }])
      }
    })
  )
})
