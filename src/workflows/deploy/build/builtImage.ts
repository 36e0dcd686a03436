import type { BuildState } from "../../../services/builds/Builder.ts"
import { fingerprint } from "../../identifiers.ts"

/** Width of `deployments.image`. */
const maxImage = 256
/** A valid Kubernetes label value; krane makes one of `deployments.build_id`. */
const labelPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/

/** The id of a deployment's n-th build, known before it starts: idempotency key, unique, and valid as a label value. */
export const buildIdOf = (deploymentId: string, attempt: number): string =>
  `bld-${fingerprint(["build", deploymentId, String(attempt)], 24)}`

/** A slot is lost when no worker renewed it for minutes. Three times in one deployment indicate another cause. */
export const maxAttempts = 3

/** The ids of all builds that a deployment may have, in the order of the attempts. */
export const buildIdsOf = (deploymentId: string): ReadonlyArray<string> =>
  Array.from({ length: maxAttempts }, (_, index) => buildIdOf(deploymentId, index + 1))

/** What a finished build adds to its deployment. */
export interface Built {
  readonly image: string
  readonly buildId: string
}

type Succeeded = Extract<BuildState, { readonly _tag: "Succeeded" }>

/** A reference without tag and digest. A colon before the last `/` is a port. */
const repositoryOf = (image: string): string => {
  const [named = image] = image.split("@")
  const tag = named.indexOf(":", named.lastIndexOf("/") + 1)
  return tag < 0 ? named : named.slice(0, tag)
}

/**
 * Pinned by digest if the column has room, because a tag can be moved. Without the tag: the webhook that adds Depot
 * pull credentials reads a Depot project's id up to the last `:` and refuses a reference with both.
 */
const pinned = (image: string, digest: string): string => {
  const exact = `${repositoryOf(image)}@${digest}`
  return exact.length > maxImage ? image : exact
}

/** Keeps the builder's own id if it has one, because pulling the image may need it. */
export const builtImage = ({ digest, externalBuildId, image }: Succeeded, buildId: string): Built => ({
  image: pinned(image, digest),
  buildId: externalBuildId !== null && labelPattern.test(externalBuildId) ? externalBuildId : buildId
})
