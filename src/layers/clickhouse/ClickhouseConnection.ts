import { parseError } from "@clickhouse/client"
import type { HttpClientRequest } from "@effect/platform"
import { Effect, Schema, type Scope } from "effect"
import { ClickhouseUnavailable } from "../../services/clickhouse/Usage.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { clickhouse } from "../outbound/bounds.ts"
import type { OutboundResponse } from "../outbound/exchange.ts"
import { type OutboundError, reasonOf } from "../outbound/OutboundError.ts"
import { openOutbound } from "../outbound/OutboundHttp.ts"
import { isSuccess } from "../outbound/status.ts"
import type { ClickhouseOptions, Parameters } from "./ClickhouseOptions.ts"
import { type ClickhouseFailure, classifyClickhouseError } from "./classifyClickhouseError.ts"
import { insertRequest, statementRequest } from "./requests.ts"

/**
 * A connection to ClickHouse. Failures carry the operation's name and the server's error code, never a statement or a value.
 */
export interface ClickhouseConnection {
  /** Rows of one SELECT. Fails for a response that is not a complete result of this shape: an empty body is not "no rows". */
  readonly select: <A, I>(
    operation: string,
    statement: string,
    parameters: Parameters,
    row: Schema.Schema<A, I>
  ) => Effect.Effect<ReadonlyArray<A>, ClickhouseUnavailable>
  /** One statement without a result. Parameters are sent separately from the text. */
  readonly command: (
    operation: string,
    statement: string,
    parameters: Parameters
  ) => Effect.Effect<void, ClickhouseUnavailable>
  /** Inserts rows by column name. */
  readonly insert: (
    operation: string,
    table: string,
    rows: ReadonlyArray<object>
  ) => Effect.Effect<void, ClickhouseUnavailable>
}

/** JSON rather than JSONEachRow: its row count reveals a truncated or foreign response. */
const resultOf = <A, I>(row: Schema.Schema<A, I>) =>
  Schema.decode(
    Schema.parseJson(
      Schema.Struct({ data: Schema.Array(row), rows: Schema.Number }).pipe(
        Schema.filter(({ data, rows }) => data.length === rows)
      )
    )
  )

/** Enough for an exception's code and text. */
const maxException = 16 * 1024

const isResult = (answer: OutboundResponse): boolean =>
  isSuccess(answer) && answer.headers["x-clickhouse-exception-code"] === undefined

const noAnswer = (error: OutboundError): ClickhouseFailure => ({
  reason: reasonOf(error),
  ...(error.code !== undefined && { code: error.code })
})

/** Connects on first use; closes its sockets with the scope. */
export const connectClickhouse = (
  options: ClickhouseOptions
): Effect.Effect<ClickhouseConnection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const send = yield* openOutbound({
      bounds: clickhouse(options.requestTimeout),
      checkCertificate: options.checkCertificate
    })

    const request = (operation: string, asked: HttpClientRequest.HttpClientRequest) =>
      send(asked).pipe(
        Effect.mapError(noAnswer),
        Effect.filterOrFail(isResult, ({ text }) =>
          classifyClickhouseError(parseError(firstCodePoints(text, maxException)))
        ),
        Effect.mapError((failure) => new ClickhouseUnavailable({ operation, ...failure })),
        Effect.withSpan(`Clickhouse.${operation}`)
      )

    return {
      select: (operation, statement, parameters, row) =>
        request(operation, statementRequest(options, `${statement}\nFORMAT JSON`, parameters)).pipe(
          Effect.flatMap(({ text }) =>
            Effect.mapError(
              resultOf(row)(text),
              () => new ClickhouseUnavailable({ operation, reason: "unexpected-answer" })
            )
          ),
          Effect.map(({ data }) => data)
        ),
      command: (operation, statement, parameters) =>
        Effect.asVoid(request(operation, statementRequest(options, statement, parameters))),
      insert: (operation, table, rows) =>
        rows.length === 0 ? Effect.void : Effect.asVoid(request(operation, insertRequest(options, table, rows)))
    }
  })

/** Used if no server is configured: every request fails with `not-configured`. */
export const noClickhouse: ClickhouseConnection = {
  select: (operation) => new ClickhouseUnavailable({ operation, reason: "not-configured" }),
  command: (operation) => new ClickhouseUnavailable({ operation, reason: "not-configured" }),
  insert: (operation) => new ClickhouseUnavailable({ operation, reason: "not-configured" })
}
