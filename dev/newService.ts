import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Args, Command } from "@effect/cli"
import { FileSystem, Path, Command as Process } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { lists, planService } from "./newService/planService.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

/** What a changed service runs while it is written. */
const tests = "npx vitest run test/workflows/{crash,journals,refusals}.test.ts test/docs/guarantees.test.ts"

/** Writes the skeleton of a service: contract, workflow, story with its journal, and the lines in the lists of services. */
const newService = Command.make(
  "new-service",
  {
    name: Args.text({ name: "name" }).pipe(
      Args.withDescription("The service without its ending, such as DatabaseBackup")
    )
  },
  ({ name }) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const listed = yield* Effect.forEach(lists, (list) =>
        Effect.map(files.readFileString(`${root}${list}`), (text) => [list, text] as const)
      )
      const exists = (file: string) => existsSync(`${root}${file}`)
      const plan = yield* planService({ name, files: new Map(listed), exists })
      yield* Effect.forEach(plan, ([file, text]) =>
        Effect.zipRight(
          files.makeDirectory(path.dirname(`${root}${file}`), { recursive: true }),
          files.writeFileString(`${root}${file}`, text)
        )
      )
      // Names differ in length, and with them the lines that the formatter breaks.
      yield* Process.make(
        "node_modules/.bin/biome",
        "format",
        "--write",
        ...[...plan.keys()].filter((file) => file.endsWith(".ts"))
      ).pipe(Process.workingDirectory(root), Process.string)
      yield* Console.log(
        [...[...plan.keys()].map((file) => `  ${file}`), `Replace each TODO. Then: ${tests}`].join("\n")
      )
    })
)

const main = Command.run(newService, { name: "npm run new-service --", version: "1" })(process.argv).pipe(
  Effect.tapErrorTag("NewServiceRefused", ({ message }) => Console.error(message)),
  Effect.provide(NodeContext.layer)
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
