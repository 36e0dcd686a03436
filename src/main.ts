#!/usr/bin/env node
import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { reportingFailures } from "./cli/commandFailed.ts"
import { commandLine } from "./cli/commandLine.ts"
import { requireNode } from "./cli/nodeVersion.ts"
import { cannotRun } from "./cli/serve.ts"

// src/composition builds the layers of each command; `serve` runs composition/worker.ts.
requireNode(process.versions.node).pipe(
  reportingFailures(cannotRun),
  Effect.zipRight(commandLine(process.argv)),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
