import type { UserOperation } from "../../services/clickhouseUser/ClickhouseUsers.ts"

/** A setting of every query of a user: its ClickHouse name and its value as a literal. */
export interface QueryLimit {
  readonly setting: string
  readonly value: string
  /** The range that a query may choose from. Absent: none. */
  readonly range?: { readonly least: string; readonly most: string }
}

/** Whole numbers only: BigInt refuses anything else. */
export const whole = (value: number | bigint): string => BigInt(value).toString()

/**
 * Unkey's API gives a request 60 s (`zen.WithTimeout` in svc/api/routes/register.go, 0dc99f91bd), and clickhouse-go 2.42 sets
 * the remaining time plus 5 s on each query (`queryOptions` in its context.go). A lower maximum would reject all queries.
 */
const askedByApiSeconds = 65

/** Maximum size of an uncompressed result. The row limit alone does not bound the API's memory, which holds a whole result. */
const resultBytes = 256 * 1024 * 1024

/** Unkey's values since its commit 81f0e8a537; ClickHouse's defaults are 1,000 and 50,000. */
const astDepth = 100
const astElements = 2000

/**
 * Limits of a user's queries. `readonly` = 1 rejects every change of a setting except those with a range; every limit is also
 * constrained. The range starts at 1, because 0 means unlimited.
 *
 * ClickHouse without pull request 115334 (26.3.23 and 26.5.8 have it) lets `SETTINGS name = DEFAULT` and `SET name = DEFAULT`
 * bypass every constraint. The parser of Unkey's API does not accept such a value.
 */
export const queryLimits = (
  limits: Extract<UserOperation, { readonly _tag: "LimitQueries" }>
): ReadonlyArray<QueryLimit> => [
  {
    setting: "max_execution_time",
    value: whole(limits.executionSeconds),
    range: { least: "1", most: whole(Math.max(limits.executionSeconds, askedByApiSeconds)) }
  },
  { setting: "max_memory_usage", value: whole(limits.memoryBytes) },
  { setting: "max_result_rows", value: whole(limits.resultRows) },
  { setting: "max_result_bytes", value: whole(resultBytes) },
  { setting: "result_overflow_mode", value: "'throw'" },
  { setting: "max_ast_depth", value: whole(astDepth) },
  { setting: "max_ast_elements", value: whole(astElements) },
  { setting: "readonly", value: "1" }
]

/** The limit as an element of CREATE SETTINGS PROFILE. */
export const constrained = ({ range, setting, value }: QueryLimit): string =>
  range === undefined
    ? `${setting} = ${value} READONLY`
    : `${setting} = ${value} MIN ${range.least} MAX ${range.most} CHANGEABLE_IN_READONLY`
