import { SourceUnavailable } from "../../operations/SourceUnavailable.ts"
import type { ClickhouseUnavailable } from "../../services/clickhouse/Usage.ts"

/** A failed read for operators. It holds no statement and no value. */
export const clickhouseUnavailable = ({ code, reason }: ClickhouseUnavailable): SourceUnavailable =>
  new SourceUnavailable({
    source: "clickhouse",
    reason:
      reason === "not-configured" ? "clickhouse.url is not set" : `${reason}${code === undefined ? "" : ` (${code})`}`
  })
