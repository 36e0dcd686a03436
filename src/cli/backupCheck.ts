import { Command, Options } from "@effect/cli"
import { Console, Effect, Layer, Logger, Schema } from "effect"
import { workerConfig } from "../config.ts"
import { type BackupFinding, decideBackups, restorable } from "../operations/decideBackups.ts"
import { measureBackups } from "../operations/measureBackups.ts"
import { reportingFailures } from "./commandFailed.ts"
import { chosenConfig, configFile } from "./program.ts"
import { paint } from "./terminal.ts"

/** Something has to change before MySQL and Restate can be restored to one moment. */
export class NotRestorable extends Schema.TaggedError<NotRestorable>()("NotRestorable", {
  subjects: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `MySQL and Restate cannot be restored to one moment: ${this.subjects.join(", ")}`
  }
}

const json = Options.boolean("json").pipe(Options.withDescription("Prints one JSON object, for machines."))

const styles = { ok: "green", problem: "red", unknown: "yellow" } as const

const conclusions = {
  yes: "MySQL and Restate can be restored to one moment.",
  unknown: "Whether MySQL and Restate can be restored to one moment depends on what is unknown here.",
  no: "MySQL and Restate cannot be restored to one moment."
} as const

const lines = (findings: ReadonlyArray<BackupFinding>): ReadonlyArray<string> => {
  const subjectWidth = Math.max(...findings.map(({ subject }) => subject.length))
  const statusWidth = "problem".length
  return findings.flatMap(({ advice, detail, status, subject }) => [
    `${subject.padEnd(subjectWidth)}  ${paint(styles[status], status.padEnd(statusWidth))}  ${detail}`,
    ...(advice === null ? [] : [`${" ".repeat(subjectWidth + statusWidth + 4)}${paint("yellow", `→ ${advice}`)}`])
  ])
}

/** Prints what is known. Fails with what is wrong; what is unknown is no failure. */
export const backupCheck = (asJson: boolean) =>
  Effect.gen(function* () {
    const facts = yield* measureBackups
    const findings = decideBackups(facts)
    const conclusion = restorable(findings)
    if (asJson) yield* Console.log(JSON.stringify({ restorable: conclusion, ...facts, findings }, null, 2))
    else yield* Effect.forEach([...lines(findings), "", conclusions[conclusion]], (line) => Console.log(line))
    const problems = findings.filter(({ status }) => status === "problem")
    if (problems.length > 0) return yield* new NotRestorable({ subjects: problems.map(({ subject }) => subject) })
  })

/** Read-only: asks MySQL and Restate's admin API, and needs no right that the worker does not have. */
export const backupCheckCommand = Command.make("backup-check", { json, config: configFile }, ({ config, json }) =>
  Effect.gen(function* () {
    const configArguments = yield* chosenConfig(config)
    const { BackupFactsLive } = yield* Effect.promise(() => import("../composition/backupCheck.ts"))
    yield* Effect.provide(
      backupCheck(json),
      BackupFactsLive.pipe(
        Layer.provide(workerConfig(configArguments)),
        // Keeps log lines out of the command's output.
        Layer.provideMerge(Logger.remove(Logger.defaultLogger))
      )
    )
  }).pipe(reportingFailures("backup-check"))
).pipe(
  Command.withDescription(
    "Says whether MySQL and Restate can be restored to one moment, as far as the servers tell: binary log, its retention, durability, clocks. Ends with 1 when something has to change."
  )
)
