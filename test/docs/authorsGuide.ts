import { codeBlocks, fileOf } from "./Markdown.ts"

export const document = fileOf("docs/authoring.md")
export const blocks = codeBlocks(document)
export const example = "examples/maintenance"

/** What a reader has imported who has followed the page so far. */
export const imports = `
import { Effect, Schema } from "effect"
import { Contract, call, type Durable, durablePromise, implement, key, stateCell, step, uuid } from "effect-restate"
import { MemoryRestate } from "effect-restate/testing"
import { DbRefused } from "../../src/services/Db.ts"
import { MaintenanceService, NoticeStands } from "./MaintenanceService.ts"
import { MaintenanceWorkflows } from "./MaintenanceWorkflows.ts"
`

/** The mistakes that the page shows, each with what it says the compiler says. */
export const mistakes = blocks.flatMap(({ code, info }, at) =>
  info === "ts mistake" ? [{ code, said: blocks[at + 1]?.code ?? "" }] : []
)
