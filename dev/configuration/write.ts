import { writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { renderConfiguration } from "./render.ts"

await writeFile(fileURLToPath(new URL("../../docs/configuration.md", import.meta.url)), renderConfiguration())
