import { dockerHubHosts, ownPlace, publicRegistries, withoutScheme } from "../../names/imageReference.ts"
import { type BuildSpec, cloneUrl } from "./buildSpec.ts"

/** One rule of BuildKit's source policy, with a regular expression for the identifier of a source. */
export interface SourceRule {
  readonly action: "allow" | "deny"
  /** Both in RE2, as BuildKit compiles it, and in JavaScript. Nothing anchors it but itself. */
  readonly pattern: string
}

/** What decides about the sources of a build. */
export interface PolicySite {
  readonly gitUrl: string
  readonly registryUrl: string
  /** The registry takes a user and a password only: each pull through the daemon's session has both. */
  readonly registryKnowsPasswordsOnly: boolean
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
const oneOf = (patterns: ReadonlyArray<string>): string => `(?:${patterns.join("|")})`

/** A host with a dot and a last label that begins with a letter: no IP address in any spelling, no name without a domain. */
const publicName = "(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?"
/**
 * Last labels that no public name has: RFC 6761 and 6762, ICANN's `internal` with the metadata services of clouds below
 * it, `svc` of Kubernetes, and those that RFC 6762 (appendix G) knows from private networks.
 */
const privateLabels = [
  "localhost",
  "localdomain",
  "local",
  "internal",
  "svc",
  "consul",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "arpa"
]

const port = "(?::[0-9]+)?"
const image = "docker-image://"

/** Any case of letters: a host has no case. */
const whole = (pattern: string): string => `^(?i:${pattern})$`

const ownImages = ({ host, path }: ReturnType<typeof ownPlace>): string => {
  const names = host === "docker.io" ? dockerHubHosts : [host]
  const hosts = `${oneOf(names.map(escaped))}${port}`
  return path === "" ? `${hosts}(?:[/?#].*)?` : `${hosts}/${escaped(path)}(?:[/:@].*)?`
}

/**
 * What a build may read, as BuildKit's engine evaluates it: of the rules that match a source the last one decides. Nothing
 * by default; then images of registries with a public name and files over HTTPS from hosts with one; never anything of
 * the registry that builds push to; and of git the authorized commit of the authorized repository alone.
 *
 * A registry that knows passwords only is given the password by the daemon for any request that ends there, also when
 * another registry redirects to it. With such a one, images come from well-known public registries only.
 */
export const sourcePolicyOf = (
  { gitUrl, registryKnowsPasswordsOnly, registryUrl }: PolicySite,
  spec: Pick<BuildSpec, "repository" | "commitSha">
): ReadonlyArray<SourceRule> => {
  const registries = registryKnowsPasswordsOnly
    ? oneOf([...publicRegistries, ...dockerHubHosts].map(escaped))
    : publicName
  const own = ownPlace(registryUrl)
  const repository = withoutScheme(cloneUrl(gitUrl, spec))
  return [
    { action: "deny", pattern: ".*" },
    { action: "allow", pattern: whole(`${image}${registries}${port}/.*`) },
    { action: "allow", pattern: whole(`https://${publicName}${port}(?:[/?#].*)?`) },
    { action: "deny", pattern: whole(`[a-z+-]+://[^/?#]*\\.${oneOf(privateLabels)}${port}(?:[/?#].*)?`) },
    { action: "deny", pattern: whole(`[a-z+-]+://${ownImages(own)}`) },
    { action: "allow", pattern: `^git://${escaped(repository)}#${spec.commitSha}(?::.*)?$` }
  ]
}

/** Whether the policy lets a build read the source, decided as BuildKit's `sourcepolicy.Engine` does. */
export const mayRead = (rules: ReadonlyArray<SourceRule>, identifier: string): boolean =>
  rules.findLast(({ pattern }) => new RegExp(pattern).test(identifier))?.action !== "deny"
