import process from "node:process"
import { NodeRuntime } from "@effect/platform-node"
import { Schema } from "effect"
import { upkeepWorker } from "../../../dev/simulators/UpkeepWorker.ts"

const Used = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))
const used = Schema.decodeUnknownSync(Used)(process.env.TEST_USAGE ?? "{}")

NodeRuntime.runMain(upkeepWorker(Object.entries(used).map(([workspaceId, count]) => ({ workspaceId, used: count }))))
