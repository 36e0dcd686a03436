import { Agent } from "node:https"
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client"
import { Duration, Effect, Redacted, Schema, type Scope } from "effect"
import { ClickhouseUnavailable } from "../../services/Usage.ts"
import { classifyClickhouseError } from "./classifyClickhouseError.ts"

/** Where a server answers over HTTP, who we are to it, and how long it may take. */
export interface ClickhouseOptions {
  /** Scheme, host and port. */
  readonly url: string
  readonly user: string
  readonly password: Redacted.Redacted
  readonly database: string
  readonly checkCertificate: boolean
  /** Of one request, from sending it to its whole answer. */
  readonly requestTimeout: Duration.Duration
}

export type Parameters = Readonly<Record<string, unknown>>

/**
 * A ClickHouse server as the layers here use it. Failures carry the operation's name and the server's error number, never
 * a statement or a value.
 */
export interface ClickhouseConnection {
  /** Rows of one SELECT. An answer that is not a whole result of this shape fails: an empty body is not "no rows". */
  readonly select: <A, I>(
    operation: string,
    statement: string,
    parameters: Parameters,
    row: Schema.Schema<A, I>
  ) => Effect.Effect<ReadonlyArray<A>, ClickhouseUnavailable>
  /** One statement without a result. Parameters travel beside the text, in the address of the request. */
  readonly command: (
    operation: string,
    statement: string,
    parameters: Parameters
  ) => Effect.Effect<void, ClickhouseUnavailable>
  /** Adds rows to a table, by the names of its columns. */
  readonly insert: (
    operation: string,
    table: string,
    rows: ReadonlyArray<object>
  ) => Effect.Effect<void, ClickhouseUnavailable>
}

const maxConnections = 50

/** The driver's own limit only frees sockets: ours comes first, because the driver reports its own by text alone. */
const driverGrace = Duration.seconds(5)

const open = (options: ClickhouseOptions): ClickHouseClient =>
  createClient({
    url: options.url,
    username: options.user,
    password: Redacted.value(options.password),
    database: options.database,
    application: "control-plane-worker",
    max_open_connections: maxConnections,
    request_timeout: Duration.toMillis(Duration.sum(options.requestTimeout, driverGrace)),
    // It would print statements and addresses with everything in them.
    log: { level: ClickHouseLogLevel.OFF },
    // Beyond 4 KiB they move from the address into the body.
    use_multipart_params_auto: true,
    // The server buffers its answer, so that an error in the middle of it is an error and not half a result.
    clickhouse_settings: { wait_end_of_query: 1 },
    ...(options.url.startsWith("https:") && !options.checkCertificate
      ? { http_agent: new Agent({ keepAlive: true, maxSockets: maxConnections, rejectUnauthorized: false }) }
      : {})
  })

/** JSON and not JSONEachRow: it says how many rows there are, so that a truncated or foreign answer is noticed. */
const resultOf = <A, I>(row: Schema.Schema<A, I>) =>
  Schema.decodeUnknown(
    Schema.Struct({ data: Schema.Array(row), rows: Schema.Number }).pipe(
      Schema.filter(({ data, rows }) => data.length === rows)
    )
  )

/** Opens nothing until it is used; closes its sockets with the scope. */
export const connectClickhouse = (
  options: ClickhouseOptions
): Effect.Effect<ClickhouseConnection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => open(options)),
      (opened) => Effect.ignore(Effect.tryPromise(() => opened.close()))
    )

    const request = <A>(operation: string, send: (signal: AbortSignal) => Promise<A>) =>
      Effect.tryPromise({
        try: send,
        catch: (cause) => new ClickhouseUnavailable({ operation, ...classifyClickhouseError(cause) })
      }).pipe(
        Effect.timeoutFail({
          duration: options.requestTimeout,
          onTimeout: () => new ClickhouseUnavailable({ operation, reason: "timeout" })
        }),
        Effect.withSpan(`Clickhouse.${operation}`)
      )

    return {
      select: (operation, statement, parameters, row) =>
        request(operation, async (abort_signal) => {
          const result = await client.query({
            query: statement,
            query_params: { ...parameters },
            format: "JSON",
            abort_signal
          })
          return result.json<unknown>()
        }).pipe(
          Effect.flatMap((answer) =>
            Effect.mapError(
              resultOf(row)(answer),
              () => new ClickhouseUnavailable({ operation, reason: "unexpected-answer" })
            )
          ),
          Effect.map(({ data }) => data)
        ),
      command: (operation, statement, parameters) =>
        Effect.asVoid(
          request(operation, (abort_signal) =>
            client.command({ query: statement, query_params: { ...parameters }, abort_signal })
          )
        ),
      insert: (operation, table, rows) =>
        Effect.asVoid(
          request(operation, (abort_signal) =>
            client.insert({ table, values: [...rows], format: "JSONEachRow", abort_signal })
          )
        )
    }
  })

/** Stands in where no server is configured: every request fails and says so. */
export const noClickhouse: ClickhouseConnection = {
  select: (operation) => new ClickhouseUnavailable({ operation, reason: "not-configured" }),
  command: (operation) => new ClickhouseUnavailable({ operation, reason: "not-configured" }),
  insert: (operation) => new ClickhouseUnavailable({ operation, reason: "not-configured" })
}
