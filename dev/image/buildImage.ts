import { execFile } from "node:child_process"
import { access } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import manifest from "../../package.json" with { type: "json" }
import { RunDirectory } from "../stack/RunDirectory.ts"
import { DockerClient } from "./DockerClient.ts"
import { localBases } from "./localBases.ts"

export interface BuiltImage {
  /** Image reference for `docker run`. */
  readonly reference: string
  /** The image as an OCI layout archive. */
  readonly archive: string
}

const project = fileURLToPath(new URL("../..", import.meta.url))

/** git's output, or nothing: downloaded sources have no history. */
const git = (...args: ReadonlyArray<string>) =>
  Effect.async<string>((resume) => {
    execFile("git", args, { cwd: project }, (error, output) =>
      resume(Effect.succeed(error === null ? output.trim() : ""))
    )
  })

/** The user's npm settings, if any: they may name a private registry. */
const npmSettings = Effect.gen(function* () {
  const file = process.env.npm_config_userconfig ?? join(process.env.HOME ?? "/", ".npmrc")
  const there = yield* Effect.isSuccess(Effect.tryPromise(() => access(file)))
  return there ? [`--secret=id=npmrc,src=${file}`] : []
})

/**
 * Builds the project's Dockerfile: on the public base images with this machine's Docker, or on local substitutes with a private
 * engine, which cannot reach registries.
 */
export const buildImage = (reference: string) =>
  Effect.gen(function* () {
    const { docker, isPrivate } = yield* DockerClient
    const run = yield* RunDirectory
    const archive = join(yield* run.folderFor("image"), "image.tar")
    const bases = isPrivate ? yield* localBases : {}
    const revision = yield* git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    const committedAt = yield* git("log", "-1", "--format=%ct")
    const given = {
      ...bases,
      VERSION: manifest.version,
      ...(revision === "" ? {} : { REVISION: revision }),
      // SOURCE_DATE_EPOCH sets all timestamps to the commit's: equal sources give an equal digest.
      ...(committedAt === "" ? {} : { SOURCE_DATE_EPOCH: committedAt })
    }
    yield* docker(
      "buildx",
      "build",
      "--provenance=false",
      ...(isPrivate ? ["--network=host"] : []),
      ...Object.entries(given).map(([name, value]) => `--build-arg=${name}=${value}`),
      ...(yield* npmSettings),
      `--tag=${reference}`,
      `--output=type=oci,dest=${archive},rewrite-timestamp=true`,
      project
    )
    // Measures the artifact that runs.
    yield* docker("load", `--input=${archive}`)
    return { reference, archive }
  })
