import { Command } from "@effect/cli"
import { Effect, Layer } from "effect"
import { reportingFailures } from "./commandFailed.ts"
import { chosenConfig, configFile } from "./program.ts"

/** How a failure to start is introduced. */
export const cannotRun = "The worker cannot run"

/** Serves until a signal, and ends with 0 once what runs has come to an end. */
export const serve = (configArguments: ReadonlyArray<string>) =>
  // Loaded when it is needed: other commands answer without SDKs that take a second to load.
  Effect.promise(() => import("../composition/worker.ts")).pipe(
    Effect.flatMap(({ worker }) => Layer.launch(worker(configArguments))),
    reportingFailures(cannotRun)
  )

export const serveCommand = Command.make("serve", { config: configFile }, ({ config }) =>
  Effect.flatMap(chosenConfig(config), serve)
).pipe(Command.withDescription("Runs the worker until SIGTERM or SIGINT. This is what happens without a command."))
