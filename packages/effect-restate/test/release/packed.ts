import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect, Schema, type Scope } from "effect"

const package_ = fileURLToPath(new URL("../../", import.meta.url))
const packages = join(package_, "../../node_modules")

/** A program that has ended with anything but 0. */
export class ProgramFailed extends Schema.TaggedError<ProgramFailed>()("ProgramFailed", {
  program: Schema.String,
  output: Schema.String
}) {
  override get message(): string {
    return `${this.program}\n${this.output}`
  }
}

interface Ended {
  readonly stdout?: string
  readonly stderr?: string
}

/** Runs a program to its end and answers with what it printed. */
export const run = (program: string, args: ReadonlyArray<string>, cwd: string): Effect.Effect<string, ProgramFailed> =>
  Effect.tryPromise({
    try: () => promisify(execFile)(program, args, { cwd, maxBuffer: 16 * 1024 * 1024 }),
    catch: (error) => {
      const { stderr = "", stdout = "" } = error as Ended
      return new ProgramFailed({ program: [program, ...args].join(" "), output: `${stdout}${stderr}` })
    }
  }).pipe(Effect.map(({ stdout }) => stdout))

/** A program of one of the repository's packages. */
export const tool = (name: string): string => join(packages, ".bin", name)

export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "effect-restate-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const Packed = Schema.parseJson(Schema.Tuple(Schema.Struct({ filename: Schema.String })))
const Manifest = Schema.Struct({ peerDependencies: Schema.Record({ key: Schema.String, value: Schema.String }) })

/** Stages and packs the package. Answers with the path of the tarball. */
export const pack = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  yield* run(process.execPath, [join(package_, "release/stage.ts")], package_)
  const printed = yield* run("npm", ["pack", "--json", "--pack-destination", folder], join(package_, "build"))
  const [{ filename }] = yield* Schema.decode(Packed)(printed)
  return join(folder, filename)
})

const link = (name: string, folder: string) =>
  Effect.promise(async () => {
    const place = join(folder, "node_modules", name)
    await mkdir(dirname(place), { recursive: true })
    await symlink(join(packages, name), place, "junction")
  })

const compilerOptions = {
  target: "ES2023",
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  types: ["node"]
}

/**
 * A project of a stranger: an empty folder in which npm has installed the tarball, with its peers and what else its sources need
 * linked from the repository's packages, so that no registry is asked.
 */
export const projectWith = (tarball: string, sources: ReadonlyArray<string>, others: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    yield* Effect.promise(async () => {
      await writeFile(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }))
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
      await Promise.all(sources.map((source) => cp(source, join(folder, basename(source)))))
    })
    yield* run("npm", ["install", tarball, "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund"], folder)
    const manifest: unknown = createRequire(join(folder, "package.json"))("effect-restate/package.json")
    const { peerDependencies } = yield* Schema.decodeUnknown(Manifest)(manifest)
    yield* Effect.forEach(new Set([...Object.keys(peerDependencies), ...others]), (name) => link(name, folder))
    return folder
  })

/**
 * What the compiler says about the project and the package, whose declarations it checks as well. What it says about the packages
 * that are linked stands in files outside of the folder.
 */
export const complaintsIn = (folder: string): Effect.Effect<ReadonlyArray<string>> =>
  run(tool("tsc"), ["-p", "."], folder).pipe(
    Effect.catchTag("ProgramFailed", ({ output }) => Effect.succeed(output)),
    Effect.map((output) => output.split("\n").filter((line) => /^[^ .]/.test(line)))
  )
