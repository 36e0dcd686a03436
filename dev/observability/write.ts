import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { relativeAddresses } from "./addresses.ts"
import { observabilityFiles } from "./files.ts"

const { values } = parseArgs({
  options: {
    runbooks: { type: "string", default: relativeAddresses.runbooks },
    grafana: { type: "string", default: relativeAddresses.grafana },
    console: { type: "string", default: relativeAddresses.console },
    into: { type: "string", default: fileURLToPath(new URL("../../deploy/observability/", import.meta.url)) }
  }
})

for (const [name, text] of await observabilityFiles(values)) await writeFile(resolve(values.into, name), text)
