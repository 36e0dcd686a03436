import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const file = fileURLToPath(new URL("RESULTS.md", import.meta.url))

/** Where the parts begin that are not `npm run bench`'s, in their order. Each command replaces its own. */
const titles = {
  upkeep: "## Workspace upkeep",
  health: "## Deploys under a flood of probes",
  against: "## Deploys against another checkout",
  peer: "## Workers side by side"
} as const

type Part = keyof typeof titles
type Parts = Readonly<Record<"main" | Part, string>>

// Object.keys widens to string; the keys are those of the record above.
const order = Object.keys(titles) as ReadonlyArray<Part>

/** From the last part to the first: each is what stands between its title and the end that is left. */
const partsOf = (text: string): Parts => {
  const parts: Record<"main" | Part, string> = { main: "", upkeep: "", health: "", against: "", peer: "" }
  let rest = text
  for (const part of order.toReversed()) {
    const start = rest.indexOf(titles[part])
    if (start < 0) continue
    parts[part] = rest.slice(start)
    rest = rest.slice(0, start)
  }
  return { ...parts, main: rest }
}

const replace = (part: Partial<Parts>) =>
  Effect.promise(async () => {
    const parts = { ...partsOf(await readFile(file, "utf8").catch(() => "")), ...part }
    const written = [parts.main, ...order.map((name) => parts[name])].map((text) => text.trimEnd())
    await writeFile(file, `${written.filter((text) => text !== "").join("\n\n")}\n`)
  })

/** Replaces what `npm run bench` measures. */
export const writeMain = (text: string) => replace({ main: text })

/** Replaces what `npm run bench:upkeep` measures, without its title. */
export const writeUpkeep = (text: string) => replace({ upkeep: `${titles.upkeep}\n\n${text}` })

/** Replaces what `bench/health.ts` measures, without its title. */
export const writeHealth = (text: string) => replace({ health: `${titles.health}\n\n${text}` })

/** Replaces what `npm run bench -- --against <folder>` measures, without its title. */
export const writeAgainst = (text: string) => replace({ against: `${titles.against}\n\n${text}` })
