import { status } from "@grpc/grpc-js"
import type { BuildFailed, BuildFailureKind } from "../../services/builds/Builder.ts"
import { firstCodePoints, shortened } from "../../text/codePoints.ts"
import type { SolveFailed } from "./buildkit/solve.ts"
import type { BuildSpec } from "./buildSpec.ts"
import { isSourceAllowed, type SourceRule } from "./sourcePolicy.ts"

/** A failed build step, from BuildKit's events. */
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

/** Names that BuildKit's Dockerfile frontend and exporter give to internal steps. */
const gitSource = "[internal] load git source "
const baseImage = "[internal] load metadata for "
const exporting = "exporting to "

const at = ({ commitSha, repository }: BuildSpec) => `${repository} at ${firstCodePoints(commitSha, 7)}`

const dockerfileOf = ({ contextPath, dockerfilePath }: BuildSpec) =>
  contextPath === "" ? dockerfilePath : `${contextPath}/${dockerfilePath}`

/** 128 + SIGKILL (9), the exit code of a process that the kernel's OOM killer ended. */
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
 * The source that BuildKit denied. `ErrSourceDenied` (sourcepolicy/engine.go) has no typed error detail, so its text is the
 * only information; it always ends the message. The source counts as denied only if this worker's policy denies it.
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

/** The failure of a step that the daemon reported as failed. */
const ofVertex = ({ name }: FailedVertex, spec: BuildSpec): Failed => {
  if (name.startsWith(gitSource)) return ofSource(spec)
  if (name.startsWith(baseImage)) return ofImage(name.slice(baseImage.length))
  if (name.startsWith(exporting)) return pushFailed
  return failed("file_not_found", `${quote(name)} failed: check that what it names exists in the build's context`)
}

/** A failure without a failed step: the Dockerfile did not become a build. */
const ofFrontend = ({ details, text }: SolveFailed, spec: BuildSpec): Failed => {
  if (details.has("Source")) return failed("dockerfile_invalid", `${dockerfileOf(spec)}: ${quote(text)}`)
  if (details.has("Frontend")) {
    return failed("dockerfile_not_found", `Dockerfile not found at "${dockerfileOf(spec)}" in ${at(spec)}`)
  }
  return failed("unknown", "the build failed; the worker's log has the builder's own words")
}

/** gRPC codes of a lost daemon or connection, or a build cancelled from outside. */
const goneCodes: ReadonlyArray<status> = [
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAVAILABLE,
  status.ABORTED,
  status.INTERNAL
]

/** Whether the build was lost rather than failed: it can be started again. */
export const isLost = ({ code, details }: SolveFailed): boolean =>
  goneCodes.includes(code) && !["ExitMessage", "Source", "Frontend"].some((detail) => details.has(detail))

/**
 * Describes for users why a build failed. Decided by the kind of error and the failed step; BuildKit's text is quoted if it is
 * about the user's Dockerfile, and decides nothing else.
 */
export const describeFailure = (
  failure: SolveFailed,
  vertex: FailedVertex | undefined,
  spec: BuildSpec,
  policy: ReadonlyArray<SourceRule>
): Failed => {
  const denied = failure.code === status.UNAUTHENTICATED || failure.code === status.PERMISSION_DENIED
  // With details the error comes from the solver, for instance about a base image; without them from the API.
  if (denied && failure.details.size === 0 && vertex === undefined) {
    return failed("builder_denied", "the builder does not accept this worker: its settings need attention")
  }
  if (failure.exitCode !== null) return ofCommand(failure.exitCode, quote(vertex?.name ?? "a command"))
  const source = deniedSource(failure.text)
  if (source !== undefined && !isSourceAllowed(policy, source)) return ofDenied(source)
  return vertex === undefined ? ofFrontend(failure, spec) : ofVertex(vertex, spec)
}
