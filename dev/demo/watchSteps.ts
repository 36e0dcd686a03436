import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Schedule, Schema } from "effect"
import { waitingFor } from "../stack/Progress.ts"
import { paint } from "./terminal.ts"

const Step = Schema.Struct({
  step: Schema.Literal("queued", "building", "deploying", "network"),
  startedAt: Schema.NumberFromString,
  endedAt: Schema.NullOr(Schema.NumberFromString),
  error: Schema.NullOr(Schema.String)
})
type Step = typeof Step.Type

const stepRows = Schema.decodeUnknown(Schema.Array(Step))

const readSteps = Effect.fnUntraced(function* (deploymentId: string) {
  const sql = yield* SqlClient
  const rows = yield* sql`
    SELECT step, CAST(started_at AS CHAR) AS startedAt, CAST(ended_at AS CHAR) AS endedAt, error
    FROM deployment_steps WHERE deployment_id = ${deploymentId} ORDER BY pk`
  return yield* Effect.orDie(stepRows(rows))
})

/** A step that has ended. */
const describe = ({ error, startedAt, step }: Step, endedAt: number): string => {
  const name = `  ${step.padEnd(9)}`
  const took = `${((endedAt - startedAt) / 1000).toFixed(2)} s`
  return error === null || error === ""
    ? `${name} ${paint("green", "done")} in ${took}`
    : `${name} ${paint("yellow", error)}`
}

/** Runs `work` and logs meanwhile each step of the deployment once it has ended. */
export const watchSteps = <A, E, R>(
  deploymentId: string,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R | SqlClient> =>
  Effect.gen(function* () {
    const ended = new Set<string>()
    let open: string | undefined
    const look = Effect.gen(function* () {
      for (const row of yield* readSteps(deploymentId)) {
        if (row.endedAt !== null && !ended.has(row.step)) {
          ended.add(row.step)
          yield* Effect.logInfo(describe(row, row.endedAt))
        }
        if (row.endedAt === null && open !== row.step) {
          open = row.step
          yield* waitingFor(row.step)
        }
      }
    })
    const watching = Effect.zipRight(Effect.repeat(look, Schedule.spaced("50 millis")), Effect.never)
    return yield* Effect.ensuring(Effect.raceFirst(work, watching), Effect.ignore(look))
  })
