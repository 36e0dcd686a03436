import { Context } from "effect"
import type { DomainName } from "../../names/DomainName.ts"

/** What a `ChallengeRecord` is built from. All names are lower case. */
export interface ChallengeRules {
  /** Apex domains of the platform's own host names, such as `unkey.app`. */
  readonly platformApexes: ReadonlyArray<string>
  /** The domain to which customers delegate DNS-01 challenges. Null disables wildcards of customers. */
  readonly delegationDomain: string | null
}

/** Certificate settings that apply to all domains. */
export class CertificateSettings extends Context.Tag("ctrl-worker/CertificateSettings")<
  CertificateSettings,
  ChallengeRules & {
    /** Whether ACME is enabled. */
    readonly isEnabled: boolean
    /** Whether a DNS provider is configured, which wildcards need. */
    readonly hasDnsProvider: boolean
    /** Wildcard domains of the platform, such as `*.unkey.app`. */
    readonly infrastructure: ReadonlyArray<DomainName>
  }
>() {}
