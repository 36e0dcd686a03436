import { Effect, Schema } from "effect"
import { createConnection, type RowDataPacket } from "mysql2/promise"

/** A failed statement of the stack itself. */
export class StatementFailed extends Schema.TaggedError<StatementFailed>()("StatementFailed", {
  statement: Schema.String,
  cause: Schema.Defect
}) {
  override get message() {
    return `${this.statement}: ${this.cause}`
  }
}

type Run = (statement: string) => Effect.Effect<ReadonlyArray<RowDataPacket>, StatementFailed>

/** A single connection, for as long as its use takes. */
export const onConnection = <A, E>(
  url: string,
  use: (run: Run) => Effect.Effect<A, E>
): Effect.Effect<A, E | StatementFailed> =>
  Effect.acquireUseRelease(
    Effect.tryPromise({
      try: () => createConnection({ uri: url, connectTimeout: 2_000 }),
      catch: (cause) => new StatementFailed({ statement: "CONNECT", cause })
    }),
    (connection) =>
      use((statement) =>
        Effect.tryPromise({
          try: () => connection.query<Array<RowDataPacket>>(statement),
          catch: (cause) => new StatementFailed({ statement, cause })
        }).pipe(Effect.map(([rows]) => rows))
      ),
    (connection) => Effect.sync(() => connection.destroy())
  )

/** Runs one statement on its own connection, for the few statements at start and end of a run. */
export const queryServer = (url: string, statement: string) => onConnection(url, (run) => run(statement))
