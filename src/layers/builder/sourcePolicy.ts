import { dockerHubHosts, ownLocation, publicRegistries, withoutScheme } from "../../names/imageReference.ts"
import { type BuildSpec, cloneUrl } from "./buildSpec.ts"

/** One rule of BuildKit's source policy, with a regular expression for source identifiers. */
export interface SourceRule {
  readonly action: "allow" | "deny"
  /** Valid in RE2, which BuildKit uses, and in JavaScript. Contains its own anchors. */
  readonly pattern: string
}

/** Input of the source policy. */
export interface PolicyInput {
  readonly gitUrl: string
  readonly registryUrl: string
  /** The registry supports only basic authentication: the daemon sends the password with each pull. */
  readonly registryKnowsPasswordsOnly: boolean
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
const oneOf = (patterns: ReadonlyArray<string>): string => `(?:${patterns.join("|")})`

/**
 * A host with a dot and a last label that starts with a letter: excludes IP addresses in any notation and single-label names.
 */
const publicName = "(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?"
/**
 * Top-level labels that are never public: RFC 6761 and 6762, ICANN's `internal` with the metadata services of clouds below it,
 * `svc` of Kubernetes, and those that RFC 6762 (appendix G) lists for private networks.
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

/** Case-insensitive, as host names are. */
const whole = (pattern: string): string => `^(?i:${pattern})$`

const ownImages = ({ host, path }: ReturnType<typeof ownLocation>): string => {
  const names = host === "docker.io" ? dockerHubHosts : [host]
  const hosts = `${oneOf(names.map(escaped))}${port}`
  return path === "" ? `${hosts}(?:[/?#].*)?` : `${hosts}/${escaped(path)}(?:[/:@].*)?`
}

/**
 * What a build may read. In BuildKit's engine the last matching rule decides. Denied by default; allowed are images of
 * registries with a public name, files over HTTPS from public hosts, nothing of the registry that builds push to, and of git
 * only the authorized commit of the authorized repository.
 *
 * The daemon sends the password of a registry with only basic authentication on any request that reaches it, even by a redirect
 * from another registry. With such a registry, images come from well-known public registries only.
 */
export const sourcePolicyOf = (
  { gitUrl, registryKnowsPasswordsOnly, registryUrl }: PolicyInput,
  spec: Pick<BuildSpec, "repository" | "commitSha">
): ReadonlyArray<SourceRule> => {
  const registries = registryKnowsPasswordsOnly
    ? oneOf([...publicRegistries, ...dockerHubHosts].map(escaped))
    : publicName
  const own = ownLocation(registryUrl)
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

/** Whether the policy allows the source, evaluated as BuildKit's `sourcepolicy.Engine` does. */
export const isSourceAllowed = (rules: ReadonlyArray<SourceRule>, identifier: string): boolean =>
  rules.findLast(({ pattern }) => new RegExp(pattern).test(identifier))?.action !== "deny"
