import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"

const file = fileURLToPath(new URL("RESULTS.md", import.meta.url))

/** Where the part begins that `npm run bench:upkeep` writes; all before it is `npm run bench`'s. */
const upkeepTitle = "## Workspace upkeep"

const change = (edit: (before: { readonly main: string; readonly upkeep: string }) => string) =>
  Effect.promise(async () => {
    const text = await readFile(file, "utf8").catch(() => "")
    const at = text.indexOf(upkeepTitle)
    const parts = at < 0 ? { main: text, upkeep: "" } : { main: text.slice(0, at), upkeep: text.slice(at) }
    await writeFile(file, edit(parts))
  })

/** Replaces what `npm run bench` measures. */
export const writeMain = (text: string) =>
  change(({ upkeep }) => (upkeep === "" ? text : `${text.trimEnd()}\n\n${upkeep}`))

/** Replaces what `npm run bench:upkeep` measures, without its title. */
export const writeUpkeep = (text: string) => change(({ main }) => `${main.trimEnd()}\n\n${upkeepTitle}\n\n${text}`)
