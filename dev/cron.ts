import { Command } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { ConfigProvider, Effect, Option } from "effect"
import { cronCommand } from "../src/cli/cron.ts"
import { program, version } from "../src/cli/program.ts"
import { readAddresses } from "./stack/AddressFile.ts"

const name = "npm run"

/** STACK_RESTATE_INGRESS or RESTATE_INGRESS, else the most recently started running stack, else none. */
const ingress = Effect.gen(function* () {
  const given = process.env.STACK_RESTATE_INGRESS || process.env.RESTATE_INGRESS
  if (given) return given
  return Option.getOrElse(
    Option.map(yield* Effect.option(readAddresses), (stack) => stack.ingress),
    () => ""
  )
})

/** Runs the worker's own cron command on the dev stack. */
const fire = Effect.gen(function* () {
  const ofStack = ConfigProvider.fromMap(new Map([["RESTATE_INGRESS", yield* ingress]]))
  const environment = ConfigProvider.orElse(ofStack, ConfigProvider.fromEnv)
  const command = Command.withSubcommands(program, [cronCommand])
  yield* Command.run(command, { name, version, executable: name })(process.argv.toSpliced(2, 0, "cron")).pipe(
    Effect.withConfigProvider(environment)
  )
})

fire.pipe(
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
