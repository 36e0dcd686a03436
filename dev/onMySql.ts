import { argv } from "node:process"
import { Command } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { runCommand } from "./stack/Command.ts"
import { MySqlServer, realMySqlServer } from "./stack/MySqlServer.ts"
import { ComponentFailed } from "./stack/StackFailure.ts"

const [program = "vitest", ...args] = argv.slice(2)

/** Runs the given command with MySQL itself as the stack's database server. */
const onMySql = Effect.gen(function* () {
  const { adminUrl } = yield* MySqlServer
  const code = yield* Command.make(program, ...args).pipe(
    Command.env({ STACK_MYSQL_DSN: adminUrl }),
    Command.stdout("inherit"),
    Command.stderr("inherit"),
    Command.exitCode
  )
  if (code !== 0)
    return yield* new ComponentFailed({
      component: program,
      reason: "ended",
      detail: `exit code ${code}`,
      lastLines: []
    })
})

onMySql.pipe(
  Effect.scoped,
  Effect.provide(realMySqlServer),
  // A machine without MySQL is not a failure; logs that the command was skipped.
  Effect.catchTag("ComponentMissing", (missing) =>
    Effect.logWarning(`Left out: ${[program, ...args].join(" ")}. ${missing.message}`)
  ),
  Effect.provide(NodeContext.layer),
  runCommand
)
