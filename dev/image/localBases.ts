import { access, realpath, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import * as tls from "node:tls"
import { fileURLToPath } from "node:url"
import { Effect, Option } from "effect"
import { debianTree } from "../stack/DebianTree.ts"
import { findProgram } from "../stack/Machine.ts"
import { runProgram } from "../stack/Process.ts"
import { RunDirectory } from "../stack/RunDirectory.ts"
import { ComponentMissing } from "../stack/StackFailure.ts"
import { DockerClient } from "./DockerClient.ts"

/** The base images, as arguments of the Dockerfile. */
export interface BaseImages {
  readonly NODE_IMAGE: string
  readonly BASE_IMAGE: string
}

/** The Debian release of the public images. */
const suite = "bookworm"

/** The packages of `gcr.io/distroless/cc-debian12`: the C and C++ libraries and their data. */
const runtimePackages = [
  "base-files",
  "netbase",
  "tzdata",
  "ca-certificates",
  "libc6",
  "libgcc-s1",
  "libgomp1",
  "libssl3",
  "libstdc++6"
]
const buildPackages = ["base-files", "dash", "coreutils", "libc6", "libgcc-s1", "libstdc++6"]

const path = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const importTree = (name: string, tag: string, packages: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { docker } = yield* DockerClient
    const archive = yield* debianTree({ name, suite, packages, form: "tar" })
    yield* docker("import", "--change", path, archive, tag)
    return tag
  })

/** Only for Debian's npm, which has its packages in other places. */
const npmVersion = "11.19.1"

const fetchedNpm = Effect.gen(function* () {
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("npm")
  yield* runProgram({
    component: "npm",
    command: "npm",
    args: ["install", "--prefix", folder, "--ignore-scripts", `npm@${npmVersion}`],
    env: process.env,
    logFile: join(folder, "npm.log")
  })
  return join(folder, "node_modules/npm")
})

/** The folder of npm with its dependencies: the running npm or the one on the PATH. */
const npmFolder = Effect.gen(function* () {
  const program = yield* Option.match(Option.fromNullable(process.env.npm_execpath), {
    onSome: Effect.succeedSome,
    onNone: () => findProgram("npm")
  })
  if (Option.isNone(program)) return yield* new ComponentMissing({ component: "npm", remedies: ["run this with npm"] })
  const folder = dirname(dirname(yield* Effect.promise(() => realpath(program.value))))
  const isWhole = yield* Effect.isSuccess(Effect.tryPromise(() => access(join(folder, "node_modules"))))
  return isWhole ? folder : yield* fetchedNpm
})

const nodeFolder = Effect.try({
  try: () => dirname(createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`)),
  catch: () => new ComponentMissing({ component: "Node for Linux", remedies: ["npm ci   (with optional packages)"] })
})

/** This machine's trusted authorities, so that builds reach a registry behind a private one. */
const certificateFolder = Effect.gen(function* () {
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("certificates")
  const trusted = [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])]
  yield* Effect.promise(() => writeFile(join(folder, "ca-certificates.crt"), trusted.join("\n")))
  return folder
})

/**
 * Local substitutes for the public base images, from Debian's packages and npm's Node: eight seconds the first time, three
 * later.
 */
export const localBases = Effect.gen(function* () {
  const { docker } = yield* DockerClient
  const base = yield* importTree("image-runtime", "local/cc-debian12:nonroot", runtimePackages)
  const system = yield* importTree("image-system", "local/debian:bookworm", buildPackages)
  const node = "local/node:bookworm"
  yield* docker(
    "buildx",
    "build",
    "--network=host",
    "--provenance=false",
    `--build-arg=SYSTEM_IMAGE=${system}`,
    `--build-context=node=${yield* nodeFolder}`,
    `--build-context=npm=${yield* npmFolder}`,
    `--build-context=certificates=${yield* certificateFolder}`,
    `--file=${fileURLToPath(new URL("node.Dockerfile", import.meta.url))}`,
    `--tag=${node}`,
    // Not compressed, because it is never downloaded.
    "--output=type=docker,compression=uncompressed",
    fileURLToPath(new URL(".", import.meta.url))
  )
  const images: BaseImages = { NODE_IMAGE: node, BASE_IMAGE: base }
  return images
})
