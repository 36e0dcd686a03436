import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Story } from "./Story.ts"

/** The stories of one export. */
export interface StoryGroup {
  /** The export's name, such as `deployStories`. */
  readonly name: string
  /** Path below test/workflows. */
  readonly file: string
  readonly stories: Readonly<Record<string, Story>>
}

const folder = new URL("../../workflows/", import.meta.url)
const files = readdirSync(fileURLToPath(folder), { recursive: true, encoding: "utf8" }).sort()

const groupsOf = async (file: string): Promise<ReadonlyArray<StoryGroup>> => {
  const exported: Readonly<Record<string, unknown>> = await import(new URL(file, folder).href)
  return Object.entries(exported)
    .filter(([name]) => name.endsWith("Stories"))
    .map(([name, stories]) => ({
      name,
      file,
      // A story's own file has checked that its world provides what it runs on, which is all that the parameter says.
      stories: stories as StoryGroup["stories"]
    }))
}

/** Every export named `…Stories` of a file named `*.stories.ts` below test/workflows. */
export const storyGroups: ReadonlyArray<StoryGroup> = (
  await Promise.all(files.filter((file) => file.endsWith(".stories.ts")).map(groupsOf))
).flat()

/** Names of the groups whose crash matrix is a file of its own, `*crash.test.ts`, so that it runs beside the others. */
export const ownCrashTests: ReadonlyArray<string> = files
  .filter((file) => /.crash\.test\.ts$/.test(file))
  .flatMap((file) => [
    ...readFileSync(new URL(file, folder), "utf8").matchAll(/crashMatrixTests(?:<.*>)?\((\w+Stories)[,)]/g)
  ])
  .map(([, name = ""]) => name)
