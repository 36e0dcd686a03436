import { Command, Options } from "@effect/cli"
import { Console, Duration, Effect, Either, Logger, Schema } from "effect"
import { loadWorkerConfig, WorkerConfig } from "../config.ts"
import { checkDependencies } from "../operations/dependencies.ts"
import { type CheckReport, checkReport, isFailed, renderReport } from "./checkReport.ts"
import { CommandFailed, reportingFailures } from "./commandFailed.ts"
import { chosenConfig, configFile, version } from "./program.ts"
import { paint } from "./terminal.ts"

/** At least one check failed; the report has the details. */
export class NotAllOk extends Schema.TaggedError<NotAllOk>()("NotAllOk", { failed: Schema.Array(Schema.String) }) {
  override get message(): string {
    return `not ok: ${this.failed.join(", ")}`
  }
}

/** Longer than the timeout of any client, so that the reported reason is the client's. */
const within = Duration.seconds(15)

const json = Options.boolean("json").pipe(Options.withDescription("Prints one JSON object, for machines."))

const examine = (configArguments: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const read = yield* Effect.either(loadWorkerConfig(configArguments))
    if (Either.isLeft(read)) return checkReport(version, read.left.problems, [], [])
    const { dependencies } = yield* Effect.promise(() => import("../composition/check/dependencies.ts"))
    const named = yield* Effect.provideService(dependencies, WorkerConfig, read.right)
    return checkReport(version, [], read.right.exposed, yield* checkDependencies(named, within))
  }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)), Effect.withTracerEnabled(false))

const show = (report: CheckReport, asJson: boolean) =>
  Console.log(asJson ? JSON.stringify(report, null, 2) : renderReport(report, paint))

const failedOf = ({ dependencies, problems }: CheckReport): ReadonlyArray<string> => [
  ...(problems.length === 0 ? [] : ["configuration"]),
  ...dependencies.filter(isFailed).map(({ name }) => name)
]

/**
 * Does not change what a worker uses; in a HashiCorp Vault it creates a key of its own. Safe beside a running worker
 * and before the first start.
 */
export const checkCommand = Command.make("check", { json, config: configFile }, ({ config, json }) =>
  Effect.gen(function* () {
    const report = yield* Effect.flatMap(chosenConfig(config), examine)
    yield* show(report, json)
    if (report.ok) return
    // The text ends with what failed; a script that has the JSON elsewhere reads it on standard error.
    return yield* json ? new NotAllOk({ failed: failedOf(report) }) : new CommandFailed()
  }).pipe(Effect.catchTag("NotAllOk", (failure) => reportingFailures("check")(failure)))
).pipe(
  Command.withDescription(
    "Reads the configuration and asks everything it names, within seconds and without changing anything. Ends with 0 when all of it is ok; warnings do not change that. Example: check --config worker.toml."
  )
)
