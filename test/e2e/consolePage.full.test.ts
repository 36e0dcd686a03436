// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees, with the spaces of the layout
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { Browser, Page } from "playwright-core"
import { Krane } from "../../dev/simulators/Krane.ts"
import { whyNoChromium } from "../../dev/stack/Chromium.ts"
import { freePort } from "../../dev/stack/Port.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { axeViolations, overflowOf } from "../support/browser/axe.ts"
import { launchBrowser, noComplaints, type VisitOptions, visitPage } from "../support/browser/browser.ts"
import { namesOf, seedDeployment, seedProject } from "../support/memory/seeds.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { deploymentRow, deployNew } from "./support/deploys.ts"
import { eventually } from "./support/eventually.ts"
import { stack } from "./support/Stack.ts"

const region = "us-east-1.aws"
const token = "0123456789abcdef0123456789abcdef"

const reason = await Effect.runPromise(whyNoChromium)
if (reason !== null) globalThis.console.warn(`Skipped: the console's page on the worker. ${reason}`)

class Fixture extends Context.Tag("test/e2e/consolePage/Fixture")<
  Fixture,
  { readonly browser: Browser; readonly origin: string }
>() {}

const fixture = Layer.unwrapEffect(
  Effect.map(freePort, (port) =>
    Layer.merge(
      stack({
        regions: [region],
        env: {
          WORKER_CONSOLE_PORT: String(port),
          WORKER_CONSOLE_HOST: "127.0.0.1",
          WORKER_CONSOLE_TOKEN: token,
          WORKER_CONSOLE_ACTIONS: "true"
        }
      }),
      Layer.scoped(
        Fixture,
        Effect.map(launchBrowser, (browser) => ({ browser, origin: `http://127.0.0.1:${port}` }))
      ).pipe(Layer.provide(RunDirectoryLive))
    )
  )
)

/** Before the login the API refuses, which the browser reports. */
const loggedOut = /401/

const visit = <A>(path: string, use: (page: Page) => Promise<A>, options: Partial<VisitOptions> = {}) =>
  Effect.gen(function* () {
    const { browser, origin } = yield* Fixture
    const { complaints, seen } = yield* visitPage(browser, { origin, path, expected: loggedOut, ...options }, use)
    assert.deepStrictEqual(complaints, noComplaints)
    return seen
  })

const logIn = async (page: Page) => {
  await page.waitForURL("**/login?next=*")
  await page.getByLabel("Token").fill(token)
  await page.getByRole("button", { name: "Log in" }).click()
  await page.locator("main h1").waitFor()
}

describe.skipIf(reason !== null)("the console's page", () => {
  layer(fixture, { excludeTestServices: true, timeout: "2 minutes" })("on a worker", (it) => {
    it.effect("asks for the token, leads back to the page, and shows a deploy of the real stack", () =>
      Effect.gen(function* () {
        yield* seedProject("shop", { regions: { [region]: 1 } })
        yield* deployNew("shop", "d_shop_1", 1)
        yield* visit("/deployments?status=ready", async (page) => {
          await logIn(page)
          assert.match(page.url(), /\/deployments\?status=ready$/)
          await page.getByRole("link", { name: "d_shop_1" }).click()
          await page.locator(".page-head .status", { hasText: "ready" }).waitFor()
          const text = await page.locator("main").innerText()
          assert.match(text, /queued\s+✓ completed/)
          assert.include(text, "load-deployment")
          assert.include(text, "check-instances")
          await page.getByRole("link", { name: /^inv_/ }).first().click()
          await page.locator("h1", { hasText: "Invocation inv_" }).waitFor()
        })
      })
    )

    it.effect("refuses a wrong token, and forgets the session when the user logs out", () =>
      visit("/builds", async (page) => {
        await page.waitForURL("**/login?next=*")
        await page.getByLabel("Token").fill("wrong")
        await page.getByRole("button", { name: "Log in" }).click()
        await page.getByRole("alert").filter({ hasText: /./ }).waitFor()
        await page.getByLabel("Token").fill(token)
        await page.getByRole("button", { name: "Log in" }).click()
        await page.getByText("There is no build").waitFor()
        await page.getByRole("button", { name: "Log out" }).click()
        await page.waitForURL("**/login")
        await page.goto(page.url().replace("/login", "/builds"))
        await page.waitForURL("**/login?next=*")
      })
    )

    it.effect("cancels a deploy that waits, once the dialog is confirmed", () =>
      Effect.gen(function* () {
        yield* seedProject("wait", { regions: { [region]: 1 } })
        const krane = yield* Krane
        yield* krane.slowDown(region, "1 hour")
        yield* seedDeployment("wait", "d_wait")
        const restate = yield* RestateClient
        yield* restate.send(`hydra.v1.DeployService/${namesOf("wait").projectId}/Deploy`, {
          deploymentId: "d_wait",
          dockerImage: { image: "nginx" }
        })
        yield* eventually("the deploy waits", deploymentRow("d_wait"), (row) => row?.status === "deploying")
        yield* visit("/deployments/d_wait", async (page) => {
          await logIn(page)
          await page.getByText("Waits for instances").waitFor()
          await page.getByRole("button", { name: "Cancel" }).click()
          await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
          await page.locator(".page-head .status", { hasText: "failed" }).waitFor()
        })
        yield* krane.slowDown(region, 0)
      })
    )

    it.effect.each(["light", "dark"] as const)(
      "has a login without a violation of WCAG that axe-core finds, also on a phone: %s",
      (colorScheme) =>
        Effect.gen(function* () {
          const seen = yield* visit(
            "/login",
            async (page) => ({ violations: await axeViolations(page), overflow: await overflowOf(page) }),
            { colorScheme, width: 390, height: 844 }
          )
          assert.deepStrictEqual(seen, { violations: [], overflow: 0 })
        })
    )
  })
})
