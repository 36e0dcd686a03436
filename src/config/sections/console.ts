import { httpUrl } from "../httpAddresses.ts"
import { flag, integer, list, matching, nonEmptyText } from "../kinds.ts"
import { networkAddress } from "../networkAddress.ts"
import { optional, redacted, withDefault } from "../Setting.ts"
import { traceUrl } from "../traceUrl.ts"

/** The operator's console. */
export const console = {
  port: withDefault(integer({ min: 0, max: 65535 }), 0, "The port of the operator's console; 0 disables it."),
  host: withDefault(nonEmptyText, "0.0.0.0", "The address on which the console listens."),
  token: optional(
    redacted(
      matching(/^[\x21-\x7e]{32,512}$/, "at least 32 printable ASCII characters, such as of openssl rand -hex 32")
    ),
    "The token with which operators log in."
  ),
  userHeader: optional(
    matching(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, "the name of a header, such as X-Forwarded-User"),
    "The header in which an authenticating reverse proxy names the user. The proxy has to remove it from the requests that it receives."
  ),
  trustedProxies: withDefault(
    list(networkAddress),
    [],
    "The addresses and networks of the proxies from which `console.user_header` is accepted. Every process there can act as any user."
  ),
  actions: withDefault(
    flag,
    false,
    "Whether users of the console may resume, retry, cancel and kill invocations. If false, the console only reads."
  ),
  traceUrl: optional(
    traceUrl,
    "The address of a trace in the trace backend, with `{trace_id}` in place of its id. The console links to it."
  ),
  restateUiUrl: optional(
    httpUrl("nothing secret"),
    "The address of Restate's UI as browsers reach it. The console links to it. Default: `/ui` of `restate.admin_url`."
  )
}
