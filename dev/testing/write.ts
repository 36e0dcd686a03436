import { readFileSync, writeFileSync } from "node:fs"
import { argv } from "node:process"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { durationTables, Report } from "./durations.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const [report = "", section = "npm test"] = argv.slice(2)
const page = `${root}docs/testing.md`
const heading = `## Durations of \`${section}\`\n`
const text = readFileSync(page, "utf8")
const start = text.indexOf(heading)
if (start < 0) throw new Error(`${page} has no section of ${section}`)
const after = text.indexOf("\n## ", start + 1)
const tables = durationTables(Schema.decodeSync(Report)(readFileSync(report, "utf8")), root)
writeFileSync(page, `${text.slice(0, start)}${heading}\n${tables}\n${after < 0 ? "" : text.slice(after)}`)
