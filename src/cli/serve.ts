import { Command } from "@effect/cli"
import { Effect, Layer } from "effect"
import { reportingFailuresTo } from "./commandFailed.ts"
import { chosenConfig, configFile } from "./program.ts"

/** The message of a failure to start. */
export const cannotRun = "The worker cannot run"

/** The last line of the log of a worker that ends by itself. */
export const logFatal = (problem: string) =>
  Effect.flatMap(
    Effect.promise(() => import("../composition/fatalLine.ts")),
    ({ fatalLine }) => fatalLine(cannotRun, problem)
  )

/** Serves until a signal, and exits with 0 after the drain. */
export const serve = (configArguments: ReadonlyArray<string>) =>
  // Imported lazily: the SDKs take a second to load, which other commands do not need.
  Effect.promise(() => import("../composition/worker.ts")).pipe(
    Effect.flatMap(({ worker }) => Layer.launch(worker(configArguments))),
    reportingFailuresTo(logFatal)
  )

export const serveCommand = Command.make("serve", { config: configFile }, ({ config }) =>
  Effect.flatMap(chosenConfig(config), serve)
).pipe(Command.withDescription("Runs the worker until SIGTERM or SIGINT. This is what happens without a command."))
