import { Effect } from "effect"
import { readAddresses } from "./stack/AddressFile.ts"

const args = process.argv.slice(2)
const command = args.find((it) => !it.startsWith("-"))

/** Own settings are not mixed with those of the stack. A second worker on the stack would need settings of its own. */
const hasOwnSettings =
  args.some((it) => it.startsWith("--config")) ||
  Object.keys(process.env).some((name) => name.startsWith("WORKER_") || name === "UNKEY_CONFIG")
const usesStack = command !== undefined && command !== "serve" && !hasOwnSettings

const settingsOfStack = Effect.map(readAddresses, ({ ingress, settings }) =>
  Object.assign(process.env, { RESTATE_INGRESS: ingress, ...settings, ...process.env })
)

/** Runs the worker. Without settings of its own, a command other than `serve` uses those of the stack that is up. */
const run = Effect.zipRight(
  usesStack ? Effect.ignore(settingsOfStack) : Effect.void,
  Effect.promise(() => import("../src/main.ts"))
)

Effect.runFork(run)
