import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { build, type Plugin } from "esbuild"
import { RunDirectory } from "../../../dev/stack/RunDirectory.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))

/** The step that a deploy of the next version takes before all others. */
export const addedStep = "only-in-the-next-version"

const firstLine = "      const context = yield* begin(request.deploymentId)\n"

/** Puts one more step at the beginning of every deploy, as a changed workflow would. */
const changedDeploy: Plugin = {
  name: "changed-deploy",
  setup: ({ onLoad }) =>
    onLoad({ filter: /src\/workflows\/deploy\/Deploy\.ts$/ }, async ({ path }) => {
      const [before, after, ...more] = (await readFile(path, "utf8")).split(firstLine)
      if (before === undefined || after === undefined || more.length > 0) throw new Error(`${path} has changed: adapt`)
      const imported = `import { step as stepOfNext } from "effect-restate"\n`
      const added = `      yield* stepOfNext("${addedStep}", Effect.void)\n`
      const contents = `${imported}${before}${added}${firstLine}${after}`
      return { contents, loader: "ts" }
    })
}

/** Builds a worker whose deploys differ from this one's, and answers with the program's file. */
export const nextBuild = Effect.gen(function* () {
  const run = yield* RunDirectory
  const outfile = join(yield* run.folderFor("build"), "main.js")
  yield* Effect.promise(() =>
    build({
      entryPoints: [join(root, "src/main.ts")],
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node24",
      plugins: [changedDeploy],
      logLevel: "silent"
    })
  )
  return outfile
})
