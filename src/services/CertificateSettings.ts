import { Context } from "effect"
import type { DomainName } from "../names/DomainName.ts"

/** Who may have records for challenges, and where: what `ChallengeRecord` is made from. Lower case. */
export interface ChallengeRules {
  /** Apexes of the platform's own host names, such as `unkey.app`. */
  readonly platformApexes: ReadonlyArray<string>
  /** The domain to which owners of wildcard domains delegate their challenges. Null: no customer can have a wildcard. */
  readonly delegationDomain: string | null
}

/** What an operator decides about certificates, the same for all of them. */
export class CertificateSettings extends Context.Tag("ctrl-worker/CertificateSettings")<
  CertificateSettings,
  ChallengeRules & {
    /** Whether a CA may be asked at all. */
    readonly isEnabled: boolean
    /** Whether we can write DNS records, which wildcards need. */
    readonly hasDnsProvider: boolean
    /** Wildcards of the platform itself, such as `*.unkey.app`. */
    readonly infrastructure: ReadonlyArray<DomainName>
  }
>() {}
