import { Command, Options } from "@effect/cli"
import { Console, Effect, Layer, Logger } from "effect"
import { WorkerConfig, workerConfig } from "../config.ts"
import { reportingFailures } from "./commandFailed.ts"
import { chosenConfig, configFile } from "./program.ts"

const apply = Options.boolean("apply").pipe(
  Options.withDescription("Applies what is pending. Without it, the plan is shown and nothing is changed.")
)

/** One line per migration. */
const line = (
  state: string,
  { id, ...migration }: { readonly id: number; readonly name: string; readonly effect?: string }
) =>
  `${String(id).padStart(4)}  ${state.padEnd(9)}${migration.name}${migration.effect === undefined ? "" : `: ${migration.effect}`}`

const missing = ({ name, table }: { readonly name: string; readonly table: string }) =>
  `      missing  index ${name} of ${table}: migrate --apply restores it, until then statements are slow`

const showPlan = Effect.gen(function* () {
  const { migrationPlan } = yield* Effect.promise(() => import("../composition/database.ts"))
  const { applied, missingIndexes, pending, unknown } = yield* migrationPlan
  yield* Effect.forEach(applied, (migration) => Console.log(line("applied", migration)))
  yield* Effect.forEach(pending, (migration) => Console.log(line("pending", migration)))
  yield* Effect.forEach(unknown, ({ id, name }) =>
    Console.log(line("unknown", { id, name, effect: "of a newer version" }))
  )
  yield* Effect.forEach(missingIndexes, (index) => Console.log(missing(index)))
  const atStart = (yield* WorkerConfig).database.migrate === "off" ? "" : ", and so does a worker when it starts"
  yield* Console.log(
    pending.length === 0 ? "Nothing is pending." : `${pending.length} pending: migrate --apply applies them${atStart}.`
  )
})

const applyPending = Effect.gen(function* () {
  const { applyMigrations } = yield* Effect.promise(() => import("../composition/database.ts"))
  const { applied, present, restored } = yield* applyMigrations
  yield* Console.log(
    applied.length === 0
      ? `Nothing was pending: the database has all ${present.length} migrations.`
      : `Applied ${applied.length === 1 ? "migration" : "migrations"} ${applied.join(", ")}.`
  )
  if (restored.length > 0) yield* Console.log(`Restored ${restored.join(", ")}.`)
})

/** Migrations only go forward, and each is safe to repeat. */
export const migrateCommand = Command.make("migrate", { apply, config: configFile }, ({ apply, config }) =>
  Effect.flatMap(chosenConfig(config), (configArguments) =>
    (apply ? applyPending : showPlan).pipe(
      // Keeps log lines out of the command's output.
      Effect.provide(Layer.merge(workerConfig(configArguments), Logger.remove(Logger.defaultLogger))),
      reportingFailures("Cannot migrate")
    )
  )
).pipe(
  Command.withDescription(
    "Shows which changes of the database's schema are applied and which are pending; --apply applies them. Safe to repeat and to run several times at once. Example: migrate --apply."
  )
)
