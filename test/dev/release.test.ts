import { execFileSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { changelogs, currentVersion, planRelease } from "../../dev/release/planRelease.ts"
import { versionPlaces } from "../../dev/release/versionPlaces.ts"
import packageJson from "../../package.json" with { type: "json" }

const root = fileURLToPath(new URL("../../", import.meta.url))
const fileOf = (path: string) => readFileSync(join(root, path), "utf8")

const kustomizations = readdirSync(join(root, "deploy"), { recursive: true, encoding: "utf8" })
  .map((name) => `deploy/${name}`)
  .filter((path) => path.endsWith("kustomization.yaml") && fileOf(path).includes("newTag: "))
const places = versionPlaces(kustomizations)
const files = new Map([...places.map(({ path }) => path), ...changelogs].map((path) => [path, fileOf(path)]))
const input = { version: "98.7.6", date: "2027-01-31", files, places }

/** Changelogs with something to release, whatever the repository's have at the moment. */
const withChanges = new Map([
  ...files,
  ["CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n* new\n\n## 0.1.0\n\n* old\n"]
])

describe("the version", () => {
  it("is one, in packages, lock file, image and manifests", () => {
    assert.isAtLeast(kustomizations.length, 6)
    assert.deepStrictEqual(currentVersion(input), Either.right(packageJson.version))
  })
})

describe("a plan of a release", () => {
  const plan = Either.getOrThrow(planRelease({ ...input, files: withChanges }))

  it("writes the version wherever it is", () => {
    const after = new Map([...files, ...plan])
    assert.deepStrictEqual(currentVersion({ files: after, places }), Either.right("98.7.6"))
  })

  it("dates what was unreleased, and leaves the heading for the next changes", () => {
    assert.strictEqual(
      plan.get("CHANGELOG.md"),
      "# Changelog\n\n## Unreleased\n\n## 98.7.6 (2027-01-31)\n\n* new\n\n## 0.1.0\n\n* old\n"
    )
    assert.include(plan.get("packages/effect-restate/CHANGELOG.md"), "## 98.7.6 (2027-01-31)\n")
  })

  it.each([
    ["is no version", { version: "1.2" }],
    ["is not above the present one", { version: packageJson.version }],
    ["has no changes", { files: new Map([...files, ["CHANGELOG.md", "## Unreleased\n\n## 0.1.0\n"]]) }],
    ["differs from file to file", { files: new Map([...withChanges, ["Dockerfile", "ARG VERSION=0.0.9\n"]]) }],
    ["is missing in a file", { files: new Map([...withChanges, ["Dockerfile", "FROM scratch\n"]]) }]
  ])("is refused when the version %s", (_, change) => {
    assert.isTrue(Either.isLeft(planRelease({ ...input, files: withChanges, ...change })))
  })
})

/** A clone of the repository as it is now, with one commit, and the script of a release in it. */
const clone = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "release-"))
    const run = (command: string, ...args: ReadonlyArray<string>) =>
      execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
    for (const path of [...files.keys(), "dev/release.ts", "dev/release", ".gitignore"])
      cpSync(join(root, path), join(folder, path), { recursive: true })
    for (const [path, text] of withChanges) writeFileSync(join(folder, path), text)
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    run("git", "init", "--quiet")
    run("git", "config", "user.name", "release")
    run("git", "config", "user.email", "release@example.test")
    run("git", "add", "--all", "--", ":!node_modules")
    run("git", "commit", "--quiet", "--message", "before")
    return {
      folder,
      run,
      release: (...args: ReadonlyArray<string>) => run(process.execPath, "dev/release.ts", ...args)
    }
  }),
  ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

describe("npm run release, in a clone", () => {
  it.scoped("with --dry-run prints the files and changes nothing", () =>
    Effect.gen(function* () {
      const { release, run } = yield* clone
      const printed = release("98.7.6", "--dry-run")
      for (const path of ["package.json", "CHANGELOG.md", ...kustomizations]) assert.include(printed, path)
      assert.strictEqual(run("git", "status", "--porcelain", "--untracked-files=no"), "")
      assert.strictEqual(run("git", "tag"), "")
    })
  )

  it.scoped("commits the version everywhere and tags it, once", () =>
    Effect.gen(function* () {
      const { folder, release, run } = yield* clone
      release("98.7.6")
      assert.strictEqual(run("git", "tag").trim(), "v98.7.6")
      assert.strictEqual(run("git", "status", "--porcelain", "--untracked-files=no"), "")
      assert.include(readFileSync(join(folder, "package.json"), "utf8"), '"version": "98.7.6"')
      assert.throws(() => release("98.7.6"), /is not above 98\.7\.6/)
    })
  )

  it.scoped("is refused while something is not committed", () =>
    Effect.gen(function* () {
      const { folder, release, run } = yield* clone
      writeFileSync(join(folder, "Dockerfile"), `${readFileSync(join(folder, "Dockerfile"), "utf8")}# more\n`)
      assert.throws(() => release("98.7.6"), /not committed/)
      assert.strictEqual(run("git", "tag"), "")
    })
  )
})
