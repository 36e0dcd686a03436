import { Command } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { versions } from "../../src/cli/versions.ts"

/** Runs the command with these options. Returns its failure, if any, and its output. */
export const runVersions = (...options: ReadonlyArray<string>) =>
  Effect.consoleWith((console) => {
    const lines: Array<string> = []
    const log = (line: string) => Effect.sync(() => lines.push(line))
    return Command.run(versions, { name: "worker", version: "test" })(["node", "main.js", ...options]).pipe(
      Effect.withConsole({ ...console, log }),
      Effect.provide(NodeContext.layer),
      Effect.either,
      Effect.map((outcome) => ({ outcome, printed: lines.join("\n") }))
    )
  })
