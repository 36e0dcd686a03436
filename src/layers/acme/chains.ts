import { X509Certificate } from "node:crypto"
import { Option } from "effect"

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** The certificates of a chain in their order; none when the text is not a chain. */
const certificatesOf = (chain: string): ReadonlyArray<X509Certificate> =>
  Option.getOrElse(
    Option.liftThrowable(() => (chain.match(block) ?? []).map((pem) => new X509Certificate(pem)))(),
    () => []
  )

/** Whether a text has at least one certificate in PEM, and none that cannot be read. */
export const isChain = (text: string): boolean => certificatesOf(text).length > 0

const commonName = /(?:^|\n)CN=(.*)(?:\n|$)/

/** Whether the chain ends at an authority of this common name, as `acme.preferred_chain` names it. */
export const endsAt = (chain: string, issuer: string): boolean =>
  // A certificate without an issuer's name has no text here, whatever the type says.
  commonName.exec(certificatesOf(chain).at(-1)?.issuer ?? "")?.[1] === issuer

/** RFC 8288: the targets of an answer's `Link` header that are alternates of it (RFC 8555 section 7.4.2), in order. */
export const alternates = (link: string | undefined): ReadonlyArray<string> =>
  [...(link ?? "").matchAll(/<([^>]+)>\s*((?:;[^,<]*)*)/g)].flatMap(([, target = "", parameters = ""]) =>
    /;\s*rel="?alternate"?\s*(;|$)/i.test(parameters) ? [target] : []
  )
