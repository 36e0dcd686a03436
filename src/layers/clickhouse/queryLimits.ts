import type { UserOperation } from "../../services/ClickhouseUsers.ts"

/** A setting of every query of a login, by ClickHouse's name, its value as a literal. */
export interface QueryLimit {
  readonly setting: string
  readonly value: string
  /** The values that a query may ask for instead. Absent: none. */
  readonly range?: { readonly least: string; readonly most: string }
}

/** Whole numbers only: BigInt refuses anything else. */
export const whole = (value: number | bigint): string => BigInt(value).toString()

/**
 * Unkey's API gives a request 60 s (`zen.WithTimeout` in svc/api/routes/register.go, 0dc99f91bd), and clickhouse-go 2.42 asks for
 * what is left of that and 5 s more with each query (`queryOptions` in its context.go). A lower maximum would refuse them all.
 */
const askedByApiSeconds = 65

/** What one result may hold, uncompressed. The row limit alone bounds no memory of the API, which holds a result whole. */
const resultBytes = 256 * 1024 * 1024

/** Unkey's own numbers since its commit 81f0e8a537; ClickHouse allows 1,000 and 50,000. */
const astDepth = 100
const astElements = 2000

/**
 * What a login's queries may take. `readonly` = 1 refuses each change of a setting but those with a range; every limit is also
 * constrained by itself. The range begins at 1, because 0 means no limit.
 *
 * A ClickHouse without its pull request 115334 (26.3.23 and 26.5.8 have it) lets `SETTINGS name = DEFAULT` and `SET name = DEFAULT`
 * past every constraint. The parser of Unkey's API knows no such value.
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

/** As an element of CREATE SETTINGS PROFILE. */
export const constrained = ({ range, setting, value }: QueryLimit): string =>
  range === undefined
    ? `${setting} = ${value} READONLY`
    : `${setting} = ${value} MIN ${range.least} MAX ${range.most} CHANGEABLE_IN_READONLY`
