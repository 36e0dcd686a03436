import { execFile } from "node:child_process"
import { createReadStream } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { createGunzip } from "node:zlib"
import { Effect, Schema } from "effect"
import { runProgram } from "../stack/Process.ts"
import { RunDirectory } from "../stack/RunDirectory.ts"

export interface ImageFile {
  /** Mode as in `ls`, such as `-rw-r--r--`. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly bytes: number
  /** Path from the root, without a leading slash. */
  readonly path: string
}

/** Metadata of an image, without running it. */
export interface ImageFacts {
  /** Digest of the manifest, `sha256:...`. */
  readonly digest: string
  /** Compressed size, in a registry. */
  readonly compressedBytes: number
  /** Unpacked size, on a node. */
  readonly uncompressedBytes: number
  readonly user: string
  readonly entrypoint: ReadonlyArray<string>
  readonly command: ReadonlyArray<string>
  readonly stopSignal: string
  readonly labels: Readonly<Record<string, string>>
  readonly files: ReadonlyArray<ImageFile>
}

const Descriptor = Schema.Struct({ digest: Schema.String, size: Schema.Number })
const Index = Schema.parseJson(Schema.Struct({ manifests: Schema.Tuple(Descriptor) }))
const Manifest = Schema.parseJson(Schema.Struct({ config: Descriptor, layers: Schema.Array(Descriptor) }))

const orEmpty = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(Schema.Array(schema), { default: () => [] })

const ImageConfig = Schema.parseJson(
  Schema.Struct({
    config: Schema.Struct({
      User: Schema.optionalWith(Schema.String, { default: () => "" }),
      Entrypoint: orEmpty(Schema.String),
      Cmd: orEmpty(Schema.String),
      StopSignal: Schema.optionalWith(Schema.String, { default: () => "" }),
      Labels: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
    })
  })
)

const line = /^(\S{10}) +(\d+)\/(\d+) +(\d+|\d+,\d+) +\S+ +\S+ (.*?)(?: (?:->|link to) .*)?$/

/** Parses one line of `tar --verbose --numeric-owner`; undefined for others. */
export const parseListing = (text: string): ImageFile | undefined => {
  const [, mode, uid, gid, bytes, path] = line.exec(text) ?? []
  if (mode === undefined || path === undefined) return undefined
  return {
    mode,
    uid: Number(uid),
    gid: Number(gid),
    // Devices have two numbers instead of a size.
    bytes: Number(bytes) || 0,
    path: path.replace(/^\.?\//, "").replace(/\/$/, "")
  }
}

const filesOf = async (layer: string) => {
  const args = ["--list", "--verbose", "--numeric-owner", "--file", layer]
  const { stdout } = await promisify(execFile)("tar", args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.split("\n").flatMap((text) => parseListing(text) ?? [])
}

const unpackedBytes = async (layer: string) => {
  let bytes = 0
  for await (const chunk of createReadStream(layer).pipe(createGunzip())) bytes += chunk.length
  return bytes
}

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((total, it) => total + it, 0)

/** Reads an OCI layout archive with one image of gzipped layers, as this project's build creates it. */
export const readImage = (archive: string) =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("image-layout")
    yield* runProgram({
      component: "tar",
      command: "tar",
      args: ["--extract", "--file", archive, "--directory", folder],
      env: process.env,
      logFile: join(folder, "tar.log")
    })
    const blob = (digest: string) => join(folder, "blobs", digest.replace(":", "/"))
    const decode = <A>(file: string, schema: Schema.Schema<A, string>) =>
      Effect.flatMap(
        Effect.promise(() => readFile(file, "utf8")),
        Schema.decode(schema)
      )
    const { manifests } = yield* decode(join(folder, "index.json"), Index)
    const [{ digest }] = manifests
    const manifest = yield* decode(blob(digest), Manifest)
    const { config } = yield* decode(blob(manifest.config.digest), ImageConfig)
    const layers = manifest.layers.map((layer) => blob(layer.digest))
    const facts: ImageFacts = {
      digest,
      compressedBytes: sum(manifest.layers.map(({ size }) => size)),
      uncompressedBytes: sum(yield* Effect.promise(() => Promise.all(layers.map(unpackedBytes)))),
      user: config.User,
      entrypoint: config.Entrypoint,
      command: config.Cmd,
      stopSignal: config.StopSignal,
      labels: config.Labels,
      files: (yield* Effect.promise(() => Promise.all(layers.map(filesOf)))).flat()
    }
    return facts
  }).pipe(Effect.orDie)
