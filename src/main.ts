#!/usr/bin/env node
import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { reportingFailures, reportingFailuresTo } from "./cli/commandFailed.ts"
import { commandLine } from "./cli/commandLine.ts"
import { requireNode } from "./cli/nodeVersion.ts"
import { cannotRun, logFatal } from "./cli/serve.ts"
import { commandOf } from "./cli/unknownCommand.ts"

const args = process.argv.slice(2)
const isServing = ["serve", undefined].includes(commandOf(args))

// src/composition builds the layers of each command; `serve` runs composition/worker.ts.
requireNode(process.versions.node).pipe(
  isServing ? reportingFailuresTo(logFatal) : reportingFailures(cannotRun),
  Effect.zipRight(commandLine(process.argv)),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
