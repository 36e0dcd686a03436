import type { CertificateFacts } from "../../services/Pki.ts"

/** `Superseded`: what stands there lasts at least as long. */
export type Verdict = "Good" | "Superseded" | { readonly flaw: string }

/**
 * Whether a certificate that came from the CA may be used: for the ordered key, for exactly the ordered names, valid now,
 * and lasting longer than the one it takes the place of. A forced one may end earlier.
 */
export const verifyCertificate = (
  facts: CertificateFacts,
  ordered: {
    readonly names: ReadonlyArray<string>
    readonly isForKey: boolean
    readonly currentNotAfter: number | null
    readonly isForced: boolean
    readonly now: number
  }
): Verdict => {
  const names = [...ordered.names].map((name) => name.toLowerCase()).sort()
  if (!ordered.isForKey) return { flaw: "it belongs to another key" }
  if (names.length !== facts.names.length || names.some((name, index) => name !== facts.names[index]))
    return { flaw: `it is for ${facts.names.join(", ")}` }
  if (facts.notAfter <= ordered.now) return { flaw: "it has expired" }
  const isLater = ordered.currentNotAfter === null || facts.notAfter > ordered.currentNotAfter
  return isLater || ordered.isForced ? "Good" : "Superseded"
}
