import { status } from "@grpc/grpc-js"
import type { BuildFailed, BuildFailureKind } from "../../services/Builder.ts"
import { firstCodePoints, shortened } from "../../text/codePoints.ts"
import type { SolveFailed } from "./buildkit/solve.ts"
import type { BuildSpec } from "./buildSpec.ts"
import { mayRead, type SourceRule } from "./sourcePolicy.ts"

/** A step of the build that ended with an error, as the daemon's events told it. */
export interface FailedVertex {
  readonly name: string
}

type Failed = typeof BuildFailed.Type

const maxMessage = 500
const maxQuote = 160

const quote = (text: string): string => shortened(text.replaceAll(/\s+/g, " ").trim(), maxQuote)

const failed = (kind: BuildFailureKind, message: string): Failed => ({
  _tag: "Failed",
  kind,
  message: shortened(message, maxMessage)
})

/** How BuildKit's Dockerfile frontend and exporter name the steps that are not the user's own. */
const gitSource = "[internal] load git source "
const baseImage = "[internal] load metadata for "
const exporting = "exporting to "

const at = ({ commitSha, repository }: BuildSpec) => `${repository} at ${firstCodePoints(commitSha, 7)}`

const dockerfileOf = ({ contextPath, dockerfilePath }: BuildSpec) =>
  contextPath === "" ? dockerfilePath : `${contextPath}/${dockerfilePath}`

/** 128 and SIGKILL (9): what the kernel does to a process when memory runs out. */
const killed = 137

const ofCommand = (exitCode: number, step: string): Failed =>
  exitCode === killed
    ? failed("out_of_memory", `${step} was killed, most likely because it needed more memory than there is`)
    : failed("command_failed", `${step} ended with exit code ${exitCode}; its output is in the build's log`)

const ofSource = (spec: BuildSpec): Failed =>
  spec.contextPath === ""
    ? failed("repository_not_accessible", `the builder could not fetch ${at(spec)}`)
    : failed("context_not_found", `directory "${spec.contextPath}" not found in ${at(spec)}: check the root directory`)

const ofImage = (name: string): Failed =>
  failed("base_image_not_found", `base image ${quote(name)} cannot be pulled: check its name and that it is public`)

/**
 * The source that BuildKit says it was denied. `ErrSourceDenied` (sourcepolicy/engine.go) comes without a type in the error's
 * details, so its text is all there is; it is always the end of the whole text. What it names is denied only if our own
 * policy denies it.
 */
const deniedSource = (text: string): string | undefined =>
  /source "([^"\\]+)" denied by policy: source denied by policy$/.exec(text)?.[1]

const ofDenied = (source: string): Failed =>
  failed(
    "source_denied",
    `a build may not read ${quote(source)}, only its own commit, images of public registries and files from public hosts over https`
  )

const pushFailed = failed(
  "push_failed",
  "the image was built, but the registry did not take it: the worker's registry settings need attention"
)

/** What a step that the daemon reported as failed means. */
const ofVertex = ({ name }: FailedVertex, spec: BuildSpec): Failed => {
  if (name.startsWith(gitSource)) return ofSource(spec)
  if (name.startsWith(baseImage)) return ofImage(name.slice(baseImage.length))
  if (name.startsWith(exporting)) return pushFailed
  return failed("file_not_found", `${quote(name)} failed: check that what it names exists in the build's context`)
}

/** What a failure without a failed step means: the Dockerfile never became a build. */
const ofFrontend = ({ details, text }: SolveFailed, spec: BuildSpec): Failed => {
  if (details.has("Source")) return failed("dockerfile_invalid", `${dockerfileOf(spec)}: ${quote(text)}`)
  if (details.has("Frontend")) {
    return failed("dockerfile_not_found", `Dockerfile not found at "${dockerfileOf(spec)}" in ${at(spec)}`)
  }
  return failed("unknown", "the build failed; the worker's log has the builder's own words")
}

/** gRPC's codes for a daemon or a connection that went away, and for a build that something else cancelled. */
const goneCodes: ReadonlyArray<status> = [
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAVAILABLE,
  status.ABORTED,
  status.INTERNAL
]

/** True when the build did not fail but was lost on the way: it can be started again and may succeed. */
export const isLost = ({ code, details }: SolveFailed): boolean =>
  goneCodes.includes(code) && !["ExitMessage", "Source", "Frontend"].some((detail) => details.has(detail))

/**
 * Why a build failed, in words for users. It is decided by what kind of error came with which failed step; BuildKit's
 * texts are quoted where they are about the user's Dockerfile, and decide nothing by themselves.
 */
export const describeFailure = (
  failure: SolveFailed,
  vertex: FailedVertex | undefined,
  spec: BuildSpec,
  policy: ReadonlyArray<SourceRule>
): Failed => {
  const denied = failure.code === status.UNAUTHENTICATED || failure.code === status.PERMISSION_DENIED
  // With details it is the solver that speaks, about a base image for instance; without them it is the door.
  if (denied && failure.details.size === 0 && vertex === undefined) {
    return failed("builder_denied", "the builder does not accept this worker: its settings need attention")
  }
  if (failure.exitCode !== null) return ofCommand(failure.exitCode, quote(vertex?.name ?? "a command"))
  const source = deniedSource(failure.text)
  if (source !== undefined && !mayRead(policy, source)) return ofDenied(source)
  return vertex === undefined ? ofFrontend(failure, spec) : ofVertex(vertex, spec)
}
