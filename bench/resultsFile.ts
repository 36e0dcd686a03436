import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const file = fileURLToPath(new URL("RESULTS.md", import.meta.url))

/** Where the parts begin that are not `npm run bench`'s, in their order. Each command replaces its own. */
const titles = { upkeep: "## Workspace upkeep", health: "## Deploys under a flood of probes" } as const

type Parts = Readonly<Record<"main" | keyof typeof titles, string>>

const partsOf = (text: string): Parts => {
  const health = text.indexOf(titles.health)
  const rest = health < 0 ? text : text.slice(0, health)
  const upkeep = rest.indexOf(titles.upkeep)
  return {
    main: upkeep < 0 ? rest : rest.slice(0, upkeep),
    upkeep: upkeep < 0 ? "" : rest.slice(upkeep),
    health: health < 0 ? "" : text.slice(health)
  }
}

const replace = (part: Partial<Parts>) =>
  Effect.promise(async () => {
    const { health, main, upkeep } = { ...partsOf(await readFile(file, "utf8").catch(() => "")), ...part }
    const written = [main, upkeep, health].map((text) => text.trimEnd()).filter((text) => text !== "")
    await writeFile(file, `${written.join("\n\n")}\n`)
  })

/** Replaces what `npm run bench` measures. */
export const writeMain = (text: string) => replace({ main: text })

/** Replaces what `npm run bench:upkeep` measures, without its title. */
export const writeUpkeep = (text: string) => replace({ upkeep: `${titles.upkeep}\n\n${text}` })

/** Replaces what `bench/health.ts` measures, without its title. */
export const writeHealth = (text: string) => replace({ health: `${titles.health}\n\n${text}` })
