import { delegatedLabelLength } from "../../services/dns/ChallengeRecord.ts"
import { dnsServer } from "../dnsServer.ts"
import { httpsUrl, httpUrl } from "../httpAddresses.ts"
import {
  base64UrlSecret,
  flag,
  hostName,
  integer,
  list,
  nonEmptyText,
  oneOrMore,
  parentDomain,
  secretText
} from "../kinds.ts"
import { optional, redacted, withDefault } from "../Setting.ts"

/** Certificates, and how challenges are answered. */
export const acme = {
  enabled: withDefault(flag, false, "Whether certificates are ordered. While false, challenges wait."),
  emailDomain: withDefault(hostName, "unkey.com", "The contact of the ACME account is `acme@<email_domain>`."),
  directoryUrl: withDefault(
    httpsUrl,
    "https://acme-v02.api.letsencrypt.org/directory",
    "The directory of the certificate authority."
  ),
  profile: optional(nonEmptyText, "A certificate profile of the authority, such as `shortlived`."),
  externalAccount: {
    keyId: optional(nonEmptyText, "The key id of the external account binding, if the authority requires one."),
    hmacKey: optional(redacted(base64UrlSecret), "The HMAC key of the external account binding.")
  },
  preferredChain: optional(
    nonEmptyText,
    "The common name of the root of the preferred chain, if the authority offers several chains."
  ),
  directoryCaFile: optional(
    nonEmptyText,
    "File with the certificate authorities of the directory's own server certificate, in PEM."
  ),
  delegationDomain: optional(
    parentDomain(delegatedLabelLength),
    "The domain to which customers delegate the DNS-01 challenges of wildcard domains. Without it, customers cannot have wildcard domains."
  ),
  route53: {
    enabled: withDefault(flag, false, "Whether DNS-01 challenges are answered through Route 53."),
    accessKeyId: optional(redacted(secretText), "The access key id."),
    secretAccessKey: optional(redacted(secretText), "The secret access key."),
    region: withDefault(nonEmptyText, "us-east-1", "The region for which requests are signed."),
    hostedZoneId: optional(
      nonEmptyText,
      "The hosted zone of all records. Default: for records of the platform, the closest public zone above them; for those of customers, the public zone that is named exactly like `acme.delegation_domain`."
    ),
    endpoint: optional(
      httpUrl({ secret: "requests that the access key signs" }),
      "Another address of the API. For simulators."
    )
  }
}

/** Proof of ownership. */
export const customDomains = {
  daysWithoutProof: withDefault(
    integer({ min: 1, max: 365 }),
    7,
    "Days for which the ownership TXT record of a custom domain may be missing before the domain is no longer served."
  )
}

/** Servers for DNS queries. */
export const dns = {
  resolvers: withDefault(
    oneOrMore(list(dnsServer)),
    ["1.1.1.1", "8.8.8.8"],
    "The resolvers that check custom domains. All that answer have to agree."
  ),
  authoritativeServers: withDefault(
    list(dnsServer),
    [],
    "The servers that are queried for the records of challenges, for private zones. Default: the name servers of the zone, at public addresses only."
  )
}
