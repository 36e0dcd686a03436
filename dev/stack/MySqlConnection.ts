import { Effect, Schema } from "effect"
import { createConnection, type RowDataPacket } from "mysql2/promise"

/** A statement of the stack itself, outside any pool, could not be run. */
export class StatementFailed extends Schema.TaggedError<StatementFailed>()("StatementFailed", {
  statement: Schema.String,
  cause: Schema.Defect
}) {
  override get message() {
    return `${this.statement}: ${this.cause}`
  }
}

/** Runs one statement on its own connection: right for the few that start and end a run. */
export const queryServer = (
  url: string,
  statement: string
): Effect.Effect<ReadonlyArray<RowDataPacket>, StatementFailed> =>
  Effect.acquireUseRelease(
    Effect.tryPromise(() => createConnection({ uri: url, connectTimeout: 2_000 })),
    (connection) => Effect.tryPromise(() => connection.query<Array<RowDataPacket>>(statement)),
    (connection) => Effect.sync(() => connection.destroy())
  ).pipe(
    Effect.map(([rows]) => rows),
    Effect.mapError(({ error }) => new StatementFailed({ statement, cause: error }))
  )
