import { fileURLToPath } from "node:url"
import { Args, Command, Options } from "@effect/cli"
import { FileSystem, Command as Process } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect } from "effect"
import { changelogs, currentVersion, planRelease, ReleaseRefused } from "./release/planRelease.ts"
import { versionPlaces } from "./release/versionPlaces.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

/** The output of git in this repository; anything on its standard error is shown. */
const git = (...args: ReadonlyArray<string>) =>
  Process.make("git", ...args).pipe(Process.workingDirectory(root), Process.stderr("inherit"), Process.string)

const kustomizations = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const names = yield* files.readDirectory(`${root}deploy/kubernetes`, { recursive: true })
  const paths = names.filter((name) => name.endsWith("kustomization.yaml")).map((name) => `deploy/kubernetes/${name}`)
  return yield* Effect.filter(paths, (path) =>
    Effect.map(files.readFileString(`${root}${path}`), (text) => text.includes("newTag: "))
  )
})

const refuseUnless = (holds: boolean, problem: string) => (holds ? Effect.void : new ReleaseRefused({ problem }))

/** Writes the version everywhere, dates the changelogs, commits and tags. */
const release = Command.make(
  "release",
  {
    version: Args.text({ name: "version" }).pipe(Args.withDescription("The new version, such as 1.2.0")),
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Only print what would be written"))
  },
  ({ dryRun, version }) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const places = versionPlaces(yield* kustomizations)
      const paths = [...new Set([...places.map(({ path }) => path), ...changelogs])]
      const texts = yield* Effect.forEach(paths, (path) =>
        Effect.map(files.readFileString(`${root}${path}`), (text) => [path, text] as const)
      )
      const before = { files: new Map(texts), places }
      const date = new Date(yield* Clock.currentTimeMillis).toISOString().slice(0, 10)
      const now = yield* currentVersion(before)
      const changes = yield* planRelease({ ...before, version, date })
      const tag = `v${version}`
      yield* refuseUnless((yield* git("tag", "--list", tag)) === "", `the tag ${tag} exists`)
      yield* Console.log(
        [`${now} -> ${version} (${date})`, ...[...changes.keys()].map((path) => `  ${path}`)].join("\n")
      )
      if (dryRun) return yield* Console.log(`Nothing was written. Without --dry-run: a commit and the tag ${tag}.`)
      const dirty = yield* git("status", "--porcelain", "--untracked-files=no")
      yield* refuseUnless(dirty === "", "there are changes that are not committed")
      yield* Effect.forEach(changes, ([path, text]) => files.writeFileString(`${root}${path}`, text))
      yield* git("add", ...changes.keys())
      yield* git("commit", "--quiet", "--message", `Release ${version}`)
      yield* git("tag", "--annotate", tag, "--message", `Release ${version}`)
      yield* Console.log(`Committed and tagged ${tag}. Publish it with: git push --follow-tags`)
    })
)

const main = Command.run(release, { name: "npm run release --", version: "1" })(process.argv).pipe(
  Effect.tapErrorTag("ReleaseRefused", ({ message }) => Console.error(message)),
  Effect.provide(NodeContext.layer)
)

NodeRuntime.runMain(main, { disableErrorReporting: true })
