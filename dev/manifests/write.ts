import { mkdir, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { chartFiles, chartFolder } from "./chart.ts"

for (const [path, text] of await chartFiles()) {
  const file = fileURLToPath(new URL(path, chartFolder))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}
