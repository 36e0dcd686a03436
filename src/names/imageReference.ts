import { Option } from "effect"

/** A normalized image reference: `docker.io` and `library/` are filled in, the host is canonical. */
export interface ImageReference {
  /** In the form of `canonicalHost`. */
  readonly host: string
  readonly path: string
  readonly tag: string | null
  /** Such as `sha256:` and 64 hexadecimal digits. */
  readonly digest: string | null
}

/** The location of an operator's images: a registry host and an optional path prefix. */
export interface RegistryLocation {
  /** In the same form as the host of a reference. */
  readonly host: string
  /** Empty if the whole registry belongs to the operator. */
  readonly path: string
}

/** Docker Hub's host names: in references, and of its API and index. */
export const dockerHubHosts: ReadonlyArray<string> = [
  "docker.io",
  "index.docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com"
]

/** The canonical form of a host, independent of case, default port and Docker Hub alias. */
export const canonicalHost = (host: string): string => {
  const plain = host
    .toLowerCase()
    .replace(/:[0-9]+$/, "")
    .replace(/\.$/, "")
  return dockerHubHosts.includes(plain) ? "docker.io" : plain
}

// The grammar of github.com/distribution/reference, which Docker, BuildKit and containerd parse references with.
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const pathComponent = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
const path = `${pathComponent}(?:/${pathComponent})*`
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
const remainder = new RegExp(`^(${path})(?::(${tag}))?(?:@(${digest}))?$`)
const wholeDomain = new RegExp(`^${domain}$`)
/** An image id, which is not a reference. */
const bareId = /^[a-f0-9]{64}$/
/** Maximum length of host and path together. */
const maxName = 255

/** The part before the first `/` is a host if it cannot be a path component, or is `localhost`. */
const splitDomain = (text: string): readonly [host: string, rest: string] => {
  const slash = text.indexOf("/")
  const first = slash < 0 ? "" : text.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase()
  return isHost ? [first, text.slice(slash + 1)] : ["docker.io", text]
}

/** Parses a reference as Docker does. None if Docker would reject it. */
export const parseImageReference = (text: string): Option.Option<ImageReference> => {
  if (bareId.test(text)) return Option.none()
  const [givenHost, rest] = splitDomain(text)
  const match = remainder.exec(rest)
  if (match === null || !wholeDomain.test(givenHost)) return Option.none()
  const [, givenPath = "", givenTag = null, givenDigest = null] = match
  const host = canonicalHost(givenHost)
  const fullPath = host === "docker.io" && !givenPath.includes("/") ? `library/${givenPath}` : givenPath
  if (givenHost.length + 1 + fullPath.length > maxName) return Option.none()
  return Option.some({ host, path: fullPath, tag: givenTag, digest: givenDigest })
}

/** Host and path of the setting `registry.url`, without a scheme and a slash at the end. */
export const withoutScheme = (registryUrl: string): string =>
  registryUrl.replace(/^https?:\/\//i, "").replace(/\/+$/, "")

export const registryLocation = (registryUrl: string): RegistryLocation => {
  const [host = "", ...parts] = withoutScheme(registryUrl).split("/")
  return { host: canonicalHost(host), path: parts.join("/") }
}

/**
 * Registries that host public images of many owners. If an operator's images are below a path of one of them, the rest belongs
 * to others.
 */
export const publicRegistries: ReadonlyArray<string> = [
  "docker.io",
  "ghcr.io",
  "quay.io",
  "gcr.io",
  "mirror.gcr.io",
  "registry.k8s.io",
  "public.ecr.aws",
  "mcr.microsoft.com",
  "registry.gitlab.com",
  "registry.access.redhat.com",
  "docker.elastic.co",
  "nvcr.io",
  "cgr.dev"
]

/** The part of the registry that belongs to the operator: all of it, unless it is a public registry. */
export const ownLocation = (registryUrl: string): RegistryLocation => {
  const place = registryLocation(registryUrl)
  return publicRegistries.includes(place.host) ? place : { host: place.host, path: "" }
}

export const isWithin = ({ host, path }: RegistryLocation, image: Pick<ImageReference, "host" | "path">): boolean =>
  image.host === host && (path === "" || image.path === path || image.path.startsWith(`${path}/`))

const symbols: Readonly<Record<string, string>> = { _: "-0", ".": "-1", "-": "-2" }

/**
 * Encodes an id as a repository path component: lower-case letters, digits and single separators between them (OCI distribution
 * specification 1.1). Injective: a capital letter is `-` and its lower case, `_`, `.` and `-` are `-0`, `-1` and `-2`; a
 * leading one is preceded by `0-`, which no other input yields.
 */
export const repositoryComponent = (id: string): string => {
  const escaped = id.replaceAll(/[^a-z0-9]/g, (letter) => symbols[letter] ?? `-${letter.toLowerCase()}`)
  return escaped.startsWith("-") ? `0-${escaped}` : escaped
}

export interface ProjectName {
  readonly workspaceId: string
  readonly projectId: string
}

/** The path of a project's images, below the operator's prefix. */
export const projectPath = ({ projectId, workspaceId }: ProjectName): string =>
  `${repositoryComponent(workspaceId)}/${repositoryComponent(projectId)}`

/** The repository of a project's images, used by no other project. */
export const projectRepository = (registryUrl: string, project: ProjectName): string =>
  `${withoutScheme(registryUrl)}/${projectPath(project)}`
