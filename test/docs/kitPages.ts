import { readdirSync } from "node:fs"
import { codeBlocks, fileOf } from "./Markdown.ts"

export const kit = "packages/effect-restate"
export const namesIn = (folder: string) => readdirSync(new URL(`../../${kit}/${folder}/`, import.meta.url))
export const pages = ["README.md", ...namesIn("docs").map((name) => `docs/${name}`)]
/** The code blocks of all pages, each with its page. */
export const blocks = pages.flatMap((page) => codeBlocks(fileOf(`${kit}/${page}`)).map((block) => ({ page, ...block })))
