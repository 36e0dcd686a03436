import { productionEnvironment } from "../../services/deploy/Deployment.ts"
import type { Sticky } from "../../services/deploy/RouteStore.ts"
import { firstCodePoints } from "../../text/codePoints.ts"
import { fingerprint, numberFrom } from "../identifiers.ts"
import { slug } from "./slug.ts"

/** RFC 1035: a label has at most 63 octets. */
const maxLabel = 63
/** 62 bits, so that host names of different projects do not collide and need no check against the table. */
const fingerprintLength = 12

const dnsLabelPattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

export interface Domain {
  readonly fqdn: string
  readonly sticky: Sticky
}

/** The owner of a host name. Part of every fingerprint, so that two owners never share a name. */
export interface DomainOwner {
  readonly projectId: string
  readonly environmentId: string
}

export interface DomainInput extends DomainOwner {
  readonly deploymentId: string
  readonly workspaceSlug: string
  readonly projectSlug: string
  readonly environmentSlug: string
  readonly gitCommitSha: string | null
  readonly gitBranch: string | null
  /** The domain below which all generated names live. */
  readonly apex: string
}

/**
 * The host names of a deployment, most specific first: commit, branch, environment, and in production the live name.
 * Deterministic, including the commit's four digits. A label that is not valid DNS or longer than 63 characters is
 * shortened, with a fingerprint of its owner and full text.
 */
export const domainsOf = (input: DomainInput): ReadonlyArray<Domain> => {
  const { projectSlug: project, workspaceSlug: workspace, environmentSlug: environment } = input
  const domain = (label: string, sticky: Sticky): Domain => ({
    fqdn: `${isDnsLabel(label) ? label : fingerprinted(label, input)}.${input.apex}`,
    sticky
  })
  const domains: Array<Domain> = []
  if (input.gitCommitSha) {
    const suffix = numberFrom(["commit domain", input.deploymentId], 1000, 9999)
    domains.push(domain(`${project}-git-${firstCodePoints(input.gitCommitSha, 7)}-${suffix}-${workspace}`, "none"))
  }
  if (input.gitBranch) domains.push(domain(`${project}-git-${slug(input.gitBranch)}-${workspace}`, "branch"))
  domains.push(domain(`${project}-${environment}-${workspace}`, "environment"))
  if (environment === productionEnvironment) domains.push(domain(`${project}-${workspace}`, "live"))
  // An environment named "git-main" has the host name of a branch: keep one entry, the more general one.
  return [...new Map(domains.map((entry) => [entry.fqdn, entry])).values()]
}

/**
 * The name to use when another project owns this one: slugs joined with hyphens are ambiguous ("a-b" and "c" against
 * "a" and "b-c"). Deterministic and different for each owner.
 */
export const alternativeDomain = (domain: Domain, owner: DomainOwner): Domain => {
  const dot = domain.fqdn.indexOf(".")
  const [label, parent] = [domain.fqdn.slice(0, dot), domain.fqdn.slice(dot)]
  return { fqdn: fingerprinted(label, owner) + parent, sticky: domain.sticky }
}

export const isDnsLabel = (label: string): boolean => label.length <= maxLabel && dnsLabelPattern.test(label)

const fingerprinted = (label: string, { projectId, environmentId }: DomainOwner): string => {
  const readable = label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxLabel - fingerprintLength - 1)
    .replace(/^-+|-+$/g, "")
  const print = fingerprint(["domain", projectId, environmentId, label], fingerprintLength)
  return readable === "" ? print : `${readable}-${print}`
}
