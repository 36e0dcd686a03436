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

/** By digest where the column has room for it: a tag can be pushed anew. */
const pinned = (image: string, digest: string): string => {
  const exact = `${image}@${digest}`
  return image.includes("@") || exact.length > maxImage ? image : exact
}

/** The builder's own id is kept where it has one, because pulling the image may depend on it. */
export const builtOf = ({ digest, externalBuildId, image }: Succeeded, buildId: string): Built => ({
  image: pinned(image, digest),
  buildId: externalBuildId !== null && labelPattern.test(externalBuildId) ? externalBuildId : buildId
})
