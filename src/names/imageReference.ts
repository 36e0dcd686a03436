import { Option } from "effect"

/** A normalised image reference: `docker.io` and `library/` are filled in, the host is in its one spelling. */
export interface ImageReference {
  /** As `canonicalHost` writes it. */
  readonly host: string
  readonly path: string
  readonly tag: string | null
  /** Such as `sha256:` and 64 hexadecimal digits. */
  readonly digest: string | null
}

/** Where a registry keeps the images of an operator: a host, and perhaps a path below which all of them are. */
export interface RegistryPlace {
  /** In the same spelling as the host of a reference. */
  readonly host: string
  /** Empty when the whole registry is the operator's. */
  readonly path: string
}

/** The names of Docker Hub: the one in references, and those that its API and index answer to. */
export const dockerHubHosts: ReadonlyArray<string> = [
  "docker.io",
  "index.docker.io",
  "registry-1.docker.io",
  "registry.hub.docker.com"
]

/** One spelling of a host, whatever its case, its port and which alias of Docker Hub it is: a host has one registry. */
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
/** An image's id, which names no repository. */
const bareId = /^[a-f0-9]{64}$/
/** Of host and path together. */
const maxName = 255

/** What stands before the first `/` is a host when it could not be a path, or is `localhost`. */
const splitDomain = (text: string): readonly [host: string, rest: string] => {
  const slash = text.indexOf("/")
  const first = slash < 0 ? "" : text.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase()
  return isHost ? [first, text.slice(slash + 1)] : ["docker.io", text]
}

/** Parses a reference as Docker does. None for what Docker would not take as one. */
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

export const registryPlace = (registryUrl: string): RegistryPlace => {
  const [host = "", ...parts] = withoutScheme(registryUrl).split("/")
  return { host: canonicalHost(host), path: parts.join("/") }
}

/**
 * Registries that serve the public images of many owners. Where an operator's images are below a path of one of them, the
 * rest of it is not the operator's.
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

/** What is the operator's own at that registry: everything, unless others publish there as well. */
export const ownPlace = (registryUrl: string): RegistryPlace => {
  const place = registryPlace(registryUrl)
  return publicRegistries.includes(place.host) ? place : { host: place.host, path: "" }
}

export const isWithin = ({ host, path }: RegistryPlace, image: Pick<ImageReference, "host" | "path">): boolean =>
  image.host === host && (path === "" || image.path === path || image.path.startsWith(`${path}/`))

const symbols: Readonly<Record<string, string>> = { _: "-0", ".": "-1", "-": "-2" }

/**
 * An id as a component of a repository's name, which takes lower case letters, digits and a separator between two of them
 * (OCI distribution specification 1.1). Different ids have different components: a capital is `-` and its small letter,
 * `_`, `.` and `-` are `-0`, `-1` and `-2`; where that would come first, `0-` stands before it, which nothing else yields.
 */
export const repositoryComponent = (id: string): string => {
  const escaped = id.replaceAll(/[^a-z0-9]/g, (letter) => symbols[letter] ?? `-${letter.toLowerCase()}`)
  return escaped.startsWith("-") ? `0-${escaped}` : escaped
}

export interface ProjectName {
  readonly workspaceId: string
  readonly projectId: string
}

/** Where a project's images are in the registry, below what belongs to the operator there. */
export const projectPath = ({ projectId, workspaceId }: ProjectName): string =>
  `${repositoryComponent(workspaceId)}/${repositoryComponent(projectId)}`

/** The repository of a project's images: no other project's images are in it. */
export const projectRepository = (registryUrl: string, project: ProjectName): string =>
  `${withoutScheme(registryUrl)}/${projectPath(project)}`
