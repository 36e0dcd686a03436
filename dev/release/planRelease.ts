import { Either, Schema } from "effect"
import { type VersionPlace, versionsIn } from "./versionPlaces.ts"

/** Nothing was written. */
export class ReleaseRefused extends Schema.TaggedError<ReleaseRefused>()("ReleaseRefused", {
  problem: Schema.String
}) {
  override get message() {
    return `No release: ${this.problem}`
  }
}

export interface ReleaseInput {
  readonly version: string
  /** `YYYY-MM-DD`. */
  readonly date: string
  /** Texts by path: every place of the version, and both changelogs. */
  readonly files: ReadonlyMap<string, string>
  readonly places: ReadonlyArray<VersionPlace>
}

/** The first must say what is new; the kit may be released without changes. */
export const changelogs = ["CHANGELOG.md", "packages/effect-restate/CHANGELOG.md"] as const

const refuse = (problem: string) => Either.left(new ReleaseRefused({ problem }))

const numbersOf = (version: string): ReadonlyArray<number> | undefined =>
  /^\d+\.\d+\.\d+$/.test(version) ? version.split(".").map(Number) : undefined

const isNewer = (version: ReadonlyArray<number>, than: ReadonlyArray<number>): boolean => {
  const at = version.findIndex((part, index) => part !== than[index])
  return at >= 0 && (version[at] ?? 0) > (than[at] ?? 0)
}

const textOf = (files: ReleaseInput["files"], path: string): string => files.get(path) ?? ""

/** The one version that every place has now. */
export const currentVersion = ({ files, places }: Pick<ReleaseInput, "files" | "places">) => {
  const found = places.map((place) => ({ place, versions: versionsIn(textOf(files, place.path), place) }))
  const wrong = found.find(({ place, versions }) => versions.length !== place.count)
  if (wrong !== undefined)
    return refuse(`${wrong.place.path} has ${wrong.versions.length} versions instead of ${wrong.place.count}`)
  const all = new Set(found.flatMap(({ versions }) => versions))
  const [version = ""] = all
  return all.size === 1 ? Either.right(version) : refuse(`the files have several versions: ${[...all].join(", ")}`)
}

const unreleased = "## Unreleased\n"

/** The text of a changelog with a heading for the version; what stood under Unreleased is below it. */
const released = (text: string, { date, version }: ReleaseInput) => {
  const [before = "", after] = text.split(unreleased)
  if (after === undefined) return refuse(`a changelog has no heading "${unreleased.trim()}"`)
  const end = after.search(/^## /m)
  const changes = (end < 0 ? after : after.slice(0, end)).trim()
  const rest = end < 0 ? "" : `\n${after.slice(end)}`
  const write = (body: string) => `${before}${unreleased}\n## ${version} (${date})\n\n${body}\n${rest}`
  return Either.right({ changes, write })
}

/** The new texts of all files that change, by path. */
export const planRelease = (input: ReleaseInput): Either.Either<ReadonlyMap<string, string>, ReleaseRefused> =>
  Either.gen(function* () {
    const { files, places, version } = input
    const now = yield* currentVersion(input)
    const [wanted, present] = [numbersOf(version), numbersOf(now)]
    if (wanted === undefined) return yield* refuse(`${version} is not a version such as 1.2.0`)
    if (present !== undefined && !isNewer(wanted, present)) return yield* refuse(`${version} is not above ${now}`)
    const texts = new Map<string, string>()
    for (const { path, pattern } of places) texts.set(path, textOf(files, path).replaceAll(pattern, version))
    for (const path of changelogs) {
      const { changes, write } = yield* released(textOf(files, path), input)
      if (changes === "" && path === "CHANGELOG.md") return yield* refuse(`${path} has nothing under Unreleased`)
      texts.set(path, write(changes === "" ? "No changes." : changes))
    }
    return texts
  })
