import { Context } from "effect"

/** What an operator decides about certificates, the same for all of them. */
export class CertificateSettings extends Context.Tag("ctrl-worker/CertificateSettings")<
  CertificateSettings,
  {
    /** Whether a CA may be asked at all. */
    readonly isEnabled: boolean
    /** Whether we can write DNS records, which wildcards need. */
    readonly hasDnsProvider: boolean
    /** Wildcards of the platform itself, such as `*.unkey.app`. */
    readonly infrastructure: ReadonlyArray<string>
  }
>() {}
