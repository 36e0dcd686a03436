import { Context, type Option, type Redacted } from "effect"
import type { Source } from "../../operations/SourceUnavailable.ts"

/** How the console serves. It is reachable by nothing but the token, or a trusted proxy that names the user. */
export class ConsoleSettings extends Context.Tag("ctrl-worker/ConsoleSettings")<
  ConsoleSettings,
  {
    readonly version: string
    readonly token: Option.Option<Redacted.Redacted>
    /** The name of the header in which a proxy names the user, in lower case. */
    readonly userHeader: Option.Option<string>
    /** Addresses and networks of the proxies from which that header is accepted. */
    readonly trustedProxies: ReadonlyArray<string>
    /** Whether actions are accepted. */
    readonly actions: boolean
    readonly traceUrl: string | null
    readonly restateUi: string | null
    /** The full names of the services that a worker may serve. */
    readonly services: ReadonlyArray<string>
    /** The configured sources. */
    readonly sources: ReadonlyArray<Source>
  }
>() {}
