import { writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { renderEnvironmentExample } from "./environmentExample.ts"
import { renderConfiguration } from "./render.ts"

const root = new URL("../../", import.meta.url)

await writeFile(fileURLToPath(new URL("docs/configuration.md", root)), renderConfiguration())
await writeFile(fileURLToPath(new URL("deploy/worker.env.example", root)), renderEnvironmentExample())
