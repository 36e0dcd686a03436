import type { CertificateFacts } from "../../../services/certificate/Pki.ts"

/**
 * Why a certificate from the CA may not be used, or null. It must be for the ordered key, for exactly the ordered
 * names, and not expired. Its lifetime is the CA's choice: a replacement may expire earlier than the certificate it
 * replaces.
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
