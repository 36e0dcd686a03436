import { X509Certificate } from "node:crypto"
import { Option } from "effect"

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** The certificates of a chain, in order; empty if the text is not a chain. */
const certificatesOf = (chain: string): ReadonlyArray<X509Certificate> =>
  Option.getOrElse(
    Option.liftThrowable(() => (chain.match(block) ?? []).map((pem) => new X509Certificate(pem)))(),
    () => []
  )

/** Whether the text is one or more readable certificates in PEM. */
export const isChain = (text: string): boolean => certificatesOf(text).length > 0

const commonName = /(?:^|\n)CN=(.*)(?:\n|$)/

/** Whether the chain's issuer has this common name, as in `acme.preferred_chain`. */
export const endsAt = (chain: string, issuer: string): boolean =>
  // `issuer` is undefined for a certificate without an issuer name, unlike its type.
  commonName.exec(certificatesOf(chain).at(-1)?.issuer ?? "")?.[1] === issuer

/** The `alternate` targets of a `Link` header (RFC 8288, RFC 8555 section 7.4.2), in order. */
export const alternates = (link: string | undefined): ReadonlyArray<string> =>
  [...(link ?? "").matchAll(/<([^>]+)>\s*((?:;[^,<]*)*)/g)].flatMap(([, target = "", parameters = ""]) =>
    /;\s*rel="?alternate"?\s*(;|$)/i.test(parameters) ? [target] : []
  )
