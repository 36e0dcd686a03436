import { Effect } from "effect"
import { bundleConsole } from "../image/bundlePage.ts"
import { freePort } from "./Port.ts"
import { ComponentFailed } from "./StackFailure.ts"

/** Of every console in development, which listens on loopback only. */
const token = "token-of-the-console-in-development"

/** Where a worker that runs from its sources finds the page. */
const folder = "dist/console"

/** Builds the console's page. */
export const buildConsolePage: Effect.Effect<void, ComponentFailed> = Effect.tryPromise({
  try: () => bundleConsole(folder),
  catch: (cause) =>
    new ComponentFailed({ component: "Console", reason: "did not start", detail: String(cause), lastLines: [] })
})

/** A worker's settings for the console on a free port, with actions and with links to the collector of traces. */
export const consoleSettings = (traces: string | undefined): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.map(freePort, (port) => ({
    WORKER_CONSOLE_PORT: String(port),
    WORKER_CONSOLE_HOST: "127.0.0.1",
    WORKER_CONSOLE_TOKEN: token,
    WORKER_CONSOLE_ACTIONS: "true",
    ...(traces === undefined ? {} : { WORKER_CONSOLE_TRACE_URL: `${traces}/#/{trace_id}` })
  }))

/** The address of the console for the list of addresses; none if these settings disable it. */
export const consoleAddress = (settings: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const { WORKER_CONSOLE_PORT: port = "0" } = settings
  return port === "0" ? {} : { console: `http://127.0.0.1:${port}` }
}

/** How to log in, if the token is the one of development. */
export const loginHint = (settings: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  settings.WORKER_CONSOLE_TOKEN === token ? [`Log in to the console with: ${token}`] : []
