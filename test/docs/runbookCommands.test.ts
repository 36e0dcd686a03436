import { readFileSync } from "node:fs"
import { CliConfig, CommandDescriptor } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { root } from "../../src/cli/commandLine.ts"

const pages = ["docs/runbooks.md", "docs/upgrading.md", "deploy/README.md"]

/** The arguments of every command of the program in code, without comments and pipes. */
const commandsOf = (page: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...readFileSync(page, "utf8").matchAll(/node (?:--disable-sigusr1 )?(?:\/app\/)?dist\/main\.js([^`\n|#]*)/g)]
    .map(([, args = ""]) => args.replace(/\[[^\]]*\]/g, "").trim())
    .filter((args) => args !== "")
    .map((args) =>
      args
        .split(/\s+/)
        .map((arg) => (/^<date>/.test(arg) ? "2026-02-28" : /^<(file|deployment)/.test(arg) ? "d_1" : arg))
    )
    .map((args) => args.filter((arg) => arg !== "id>"))

const parsed = (args: ReadonlyArray<string>) =>
  Effect.either(CommandDescriptor.parse(root.descriptor, ["control-plane-worker", ...args], CliConfig.defaultConfig))

describe("the commands in the documents of operators", () => {
  for (const page of pages)
    it.effect(`${page}: the command line takes each as it is written`, () =>
      Effect.gen(function* () {
        const refused: Array<unknown> = []
        for (const args of commandsOf(page)) {
          const outcome = yield* parsed(args)
          if (Either.isLeft(outcome)) refused.push(args.join(" "))
          else if (outcome.right._tag === "UserDefined" && outcome.right.leftover.length > 0)
            refused.push(args.join(" "))
        }
        assert.deepStrictEqual(refused, [])
      }).pipe(Effect.provide(NodeContext.layer))
    )

  it.effect("a misspelt command, option and task are found", () =>
    Effect.gen(function* () {
      for (const args of [
        ["resum", "x"],
        ["status", "--everything"],
        ["cron", "key-refil"]
      ]) {
        const outcome = yield* parsed(args)
        const isTaken =
          Either.isRight(outcome) && outcome.right._tag === "UserDefined" && outcome.right.leftover.length === 0
        assert.isFalse(isTaken, args.join(" "))
      }
      assert.isAbove(commandsOf("docs/runbooks.md").length, 15)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it("no runbook asks for a request to Restate by hand", () =>
    assert.notMatch(readFileSync("docs/runbooks.md", "utf8"), /\$ADMIN|-X P|<ingress>/))
})
