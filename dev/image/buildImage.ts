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
  /** As `docker run` takes it. */
  readonly reference: string
  /** The same image as an archive in OCI's layout. */
  readonly archive: string
}

const project = fileURLToPath(new URL("../..", import.meta.url))

/** What git answers, or nothing: sources that were downloaded have no history. */
const git = (...args: ReadonlyArray<string>) =>
  Effect.async<string>((resume) => {
    execFile("git", args, { cwd: project }, (error, output) =>
      resume(Effect.succeed(error === null ? output.trim() : ""))
    )
  })

/** npm's settings of whoever builds, where there are any: the registry may be one of theirs. */
const npmSettings = Effect.gen(function* () {
  const file = process.env.npm_config_userconfig ?? join(process.env.HOME ?? "/", ".npmrc")
  const there = yield* Effect.isSuccess(Effect.tryPromise(() => access(file)))
  return there ? [`--secret=id=npmrc,src=${file}`] : []
})

/**
 * Builds the project's Dockerfile: on the public base images with Docker of this machine, and on local stand-ins with a
 * private engine, which reaches no registry of images.
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
      // With it every file and the image itself are of the commit's time: the same sources give the same digest.
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
    // What is measured is what runs.
    yield* docker("load", `--input=${archive}`)
    return { reference, archive }
  })
