import { isDeepStrictEqual } from "node:util"
import type { Container, Pod } from "./Manifest.ts"

/** The user and group that the image is made for. */
export interface ImageUser {
  readonly uid: number
  readonly gid: number
}

/** What Kubernetes' "restricted" standard asks of a container, and a root that cannot be written to. */
const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] }
}

const containerProblems = ({ image, name, resources, securityContext }: Container): ReadonlyArray<string> => [
  ...(isDeepStrictEqual(securityContext, confined) ? [] : [`${name} has rights that it does not need`]),
  // A tag that moves is another version under the same name.
  ...(/:(?!latest$)[\w.-]+$|@sha256:[0-9a-f]{64}$/.test(image)
    ? []
    : [`${name} runs "${image}", which names no version`]),
  ...(resources.requests.memory === undefined ? [`${name} asks for no memory`] : []),
  ...(resources.requests.cpu === undefined ? [`${name} asks for no CPU`] : []),
  ...(resources.limits.memory === undefined ? [`${name} may take all memory`] : []),
  ...(resources.limits.cpu === undefined ? [] : [`${name} is throttled`])
]

/** What lets a pod do more than it needs, one line each. */
export const podProblems = (pod: Pod, user: ImageUser): ReadonlyArray<string> => {
  const { automountServiceAccountToken, containers, enableServiceLinks, securityContext } = pod.spec
  const { runAsGroup, runAsNonRoot, runAsUser, seccompProfile } = securityContext
  return [
    ...(automountServiceAccountToken === false ? [] : ["it has a token for the API server"]),
    ...(enableServiceLinks === false ? [] : ["it has a variable for each Service of the namespace"]),
    ...(runAsNonRoot === true ? [] : ["it may run as root"]),
    ...(runAsUser === user.uid && runAsGroup === user.gid
      ? []
      : [`it runs as ${runAsUser}:${runAsGroup}, the image as ${user.uid}:${user.gid}`]),
    ...(seccompProfile?.type === "RuntimeDefault" ? [] : ["it may use every system call"]),
    ...containers.flatMap(containerProblems)
  ]
}
