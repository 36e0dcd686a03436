import type { BuildState } from "../../../services/Builder.ts"
import { fingerprint } from "../../identifiers.ts"

/** Width of `deployments.image`. */
const maxImage = 256
/** What Kubernetes takes as a label's value; krane makes one of `deployments.build_id`. */
const labelPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/

/** The id of a deployment's n-th build, before it is started: the key of idempotency, unique, and valid as a label. */
export const buildIdOf = (deploymentId: string, attempt: number): string =>
  `bld-${fingerprint(["build", deploymentId, String(attempt)], 24)}`

/** What a finished build adds to its deployment. */
export interface Built {
  readonly image: string
  readonly buildId: string
}

type Succeeded = Extract<BuildState, { readonly _tag: "Succeeded" }>

/** A reference without its tag and digest. A port is not taken for a tag: it stands before the last `/`. */
const repositoryOf = (image: string): string => {
  const [named = image] = image.split("@")
  const tag = named.indexOf(":", named.lastIndexOf("/") + 1)
  return tag < 0 ? named : named.slice(0, tag)
}

/**
 * By digest where the column has room for it: a tag can be pushed anew. Then without the tag: the webhook that adds the
 * credentials to pull from Depot reads a Depot project's id up to the last `:`, so a reference with both is refused.
 */
const pinned = (image: string, digest: string): string => {
  const exact = `${repositoryOf(image)}@${digest}`
  return exact.length > maxImage ? image : exact
}

/** The builder's own id is kept where it has one, because pulling the image may depend on it. */
export const builtImage = ({ digest, externalBuildId, image }: Succeeded, buildId: string): Built => ({
  image: pinned(image, digest),
  buildId: externalBuildId !== null && labelPattern.test(externalBuildId) ? externalBuildId : buildId
})
