import { Effect } from "effect"
import { type Browser, chromium, type Page } from "playwright-core"
import { chromiumProgram } from "../../../dev/stack/Chromium.ts"

/** Requests of the browser's own would be reported as requests to other servers. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** A headless Chromium that ends with the scope. */
export const launchBrowser = Effect.flatMap(chromiumProgram, (executablePath) =>
  Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath, args: flags })),
    (started) => Effect.promise(() => started.close())
  )
)

export interface VisitOptions {
  /** Address of the server, without a path. */
  readonly origin: string
  readonly path: string
  readonly colorScheme?: "light" | "dark"
  readonly width?: number
  readonly height?: number
  readonly timezoneId?: string
  /** Console messages that the test expects. */
  readonly expected?: RegExp
}

/** What must not happen on any page: errors in the console, and requests to other servers. */
export interface Complaints {
  readonly errors: ReadonlyArray<string>
  readonly foreignRequests: ReadonlyArray<string>
}

export const noComplaints: Complaints = { errors: [], foreignRequests: [] }

const watch = (page: Page, { expected, origin }: VisitOptions) => {
  const errors: Array<string> = []
  const foreignRequests: Array<string> = []
  const report = (text: string) => {
    if (expected?.test(text) !== true) errors.push(text)
  }
  page.on("pageerror", (error) => report(error.message))
  page.on("console", (message) => message.type() === "error" && report(message.text()))
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith("data:"))
      foreignRequests.push(request.url())
  })
  return { errors, foreignRequests }
}

/** Opens a page in a context of its own, and answers with what the test saw and what went wrong meanwhile. */
export const visitPage = <A>(browser: Browser, options: VisitOptions, use: (page: Page) => Promise<A>) => {
  const { colorScheme = "light", height = 800, timezoneId = "UTC", width = 1400 } = options
  const contextOptions = { colorScheme, viewport: { width, height }, timezoneId, locale: "en-GB" }
  return Effect.acquireUseRelease(
    Effect.promise(() => browser.newContext(contextOptions)),
    (context) =>
      Effect.promise(async () => {
        const page = await context.newPage()
        const complaints: Complaints = watch(page, options)
        await page.goto(options.origin + options.path)
        return { seen: await use(page), complaints }
      }),
    (context) => Effect.promise(() => context.close())
  )
}
