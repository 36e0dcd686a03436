import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { Browser } from "playwright-core"
import { bundleConsole } from "../../../dev/image/bundlePage.ts"
import { whyNoChromium } from "../../../dev/stack/Chromium.ts"
import { freePort } from "../../../dev/stack/Port.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { ConsoleSettings } from "../../../src/console/server/ConsoleSettings.ts"
import { consoleServer } from "../../../src/console/server/consoleServer.ts"
import { readPageFiles } from "../../../src/console/server/pageFiles.ts"
import { axeViolations, overflowOf } from "../../support/browser/axe.ts"
import { launchBrowser, noComplaints, visitPage } from "../../support/browser/browser.ts"
import { settings, token } from "../console.ts"
import { noSources } from "../sources.ts"

const reason = await Effect.runPromise(whyNoChromium)
if (reason !== null) globalThis.console.warn(`Skipped: the console's login. ${reason}`)

class Visited extends Context.Tag("test/console/page/Visited")<
  Visited,
  { readonly browser: Browser; readonly origin: string }
>() {}

/** The built page, as it lies in the image. */
const builtPage = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await mkdtemp(join(tmpdir(), "console-"))
    await bundleConsole(folder)
    return folder
  }),
  (folder) => Effect.promise(() => rm(folder, { recursive: true }))
)

/** The real server and the real page, without any source. */
const served = Layer.unwrapScoped(
  Effect.gen(function* () {
    const port = yield* freePort
    const files = yield* readPageFiles(["/no/such/folder", yield* builtPage])
    const browser = yield* launchBrowser
    return Layer.merge(
      consoleServer(createServer, { host: "127.0.0.1", port }, files),
      Layer.succeed(Visited, { browser, origin: `http://127.0.0.1:${port}` })
    )
  })
).pipe(
  Layer.provide(Layer.succeed(ConsoleSettings, settings)),
  Layer.provide(Layer.succeedContext(noSources)),
  Layer.provide(NodeContext.layer),
  Layer.provide(RunDirectoryLive)
)

const unauthorized = /status of 401/

describe.skipIf(reason !== null)("the login of the console", () => {
  layer(served, { timeout: "2 minutes", excludeTestServices: true })("in a browser", (it) => {
    it.effect(
      "leads back to the page that asked for it, after a wrong token too, and that page names missing sources",
      () =>
        Effect.gen(function* () {
          const { browser, origin } = yield* Visited
          const { complaints } = yield* visitPage(
            browser,
            { origin, path: "/deployments?status=failed", expected: unauthorized },
            async (page) => {
              await page.waitForURL("**/login?next=*")
              await page.getByLabel("Token").fill("wrong")
              await page.keyboard.press("Enter")
              await page.getByText("the token is wrong").waitFor()
              await page.getByLabel("Token").fill(token)
              await page.keyboard.press("Enter")
              await page.waitForURL("**/deployments?status=failed")
              await page.getByText("no answer").first().waitFor()
            }
          )
          assert.deepStrictEqual(complaints, noComplaints)
        })
    )

    it.effect("has no violation that axe-core finds, light and dark, and fits a phone", () =>
      Effect.gen(function* () {
        const { browser, origin } = yield* Visited
        for (const colorScheme of ["light", "dark"] as const) {
          const { complaints, seen } = yield* visitPage(
            browser,
            { origin, path: "/login", colorScheme, width: 390 },
            async (page) => ({ violations: await axeViolations(page), overflow: await overflowOf(page) })
          )
          assert.deepStrictEqual(seen, { violations: [], overflow: 0 }, colorScheme)
          assert.deepStrictEqual(complaints, noComplaints)
        }
      })
    )
  })
})
