import type { CertificateFacts } from "../../services/Pki.ts"

/**
 * Why a certificate that came from the CA may not be used; null when it may: it is for the ordered key, for exactly the
 * ordered names, and valid now. How long it lasts is the CA's choice: one that takes the place of another may end earlier.
 */
export const verifyCertificate = (
  facts: CertificateFacts,
  ordered: { readonly names: ReadonlyArray<string>; readonly isForKey: boolean; readonly now: number }
): string | null => {
  const names = [...ordered.names].map((name) => name.toLowerCase()).sort()
  if (!ordered.isForKey) return "it belongs to another key"
  if (names.length !== facts.names.length || names.some((name, index) => name !== facts.names[index]))
    return `it is for ${facts.names.join(", ")}`
  return facts.notAfter <= ordered.now ? "it has expired" : null
}
