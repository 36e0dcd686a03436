import { Duration } from "effect"
import { clickhouseAddress } from "../ClickhouseAddress.ts"
import { duration } from "../kinds.ts"
import { optional, withDefault } from "../Setting.ts"

/** Usage, build telemetry, and accounts of analytics users. */
export const clickhouse = {
  url: optional(
    clickhouseAddress,
    "The server from which usage and traffic are read and to which build telemetry is written. It is called over HTTP: in native addresses, ports 9000 and 9440 become 8123 and 8443; `secure` and `skip_verify` are supported."
  ),
  adminUrl: optional(
    clickhouseAddress,
    "The server and account that create users. ClickhouseUserService is served only if this is set."
  ),
  // Well under the 30 s of a step.
  requestTimeout: withDefault(
    duration({ min: Duration.millis(100), max: Duration.seconds(25) }),
    Duration.seconds(10),
    "The timeout of one request."
  )
}
