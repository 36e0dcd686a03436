// biome-ignore-all lint/performance/useDomNodeTextContent: what a reader sees, with the spaces of the layout
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Ref, Runtime } from "effect"
import type { Page } from "playwright-core"
import { whyNoChromium } from "../../../dev/stack/Chromium.ts"
import { axeViolations, overflowOf } from "../../support/browser/axe.ts"
import { noComplaints, type VisitOptions, visitPage } from "../../support/browser/browser.ts"
import { deployInvocation } from "./support/answers.ts"
import { ConsoleFixture, type ConsoleState, consoleFixture, initialState } from "./support/ConsoleFixture.ts"

const reason = await Effect.runPromise(whyNoChromium)
if (reason !== null) globalThis.console.warn(`Skipped: the console's page. ${reason}`)

/** A page of its own; nothing must go wrong on it. */
const visit = <A>(path: string, use: (page: Page) => Promise<A>, options: Partial<VisitOptions> = {}) =>
  Effect.gen(function* () {
    const { browser, origin } = yield* ConsoleFixture
    const { complaints, seen } = yield* visitPage(browser, { origin, path, ...options }, use)
    assert.deepStrictEqual(complaints, noComplaints)
    return seen
  })

/** The server's state for one test. */
const given = <A, E, R>(changes: Partial<ConsoleState>, test: Effect.Effect<A, E, R>) =>
  Effect.flatMap(ConsoleFixture, ({ state }) =>
    Effect.acquireUseRelease(
      Ref.set(state, { ...initialState, ...changes }),
      () => test,
      () => Ref.set(state, initialState)
    )
  )

const cells = (page: Page, label: string) => page.locator(`tbody td[data-label="${label}"]`).allInnerTexts()
const rows = (page: Page) => page.locator("table.list tbody tr")

const lists = ["/invocations", "/deployments", "/domains", "/certificates", "/builds"]
const subjects = [
  `/invocations/${deployInvocation.id}`,
  "/deployments/d_W1sxMKKS",
  "/deployments/d_TwVD2ONL",
  "/domains/shop.customer.test",
  "/certificates/shop.customer.test",
  "/builds/bld_1"
]

/** The page once it shows its data. */
const settled = async (page: Page) => {
  await page.locator("main h1").waitFor()
  await page.getByText("Loading…").first().waitFor({ state: "detached" })
}

const notFoundMessage = /404/

describe.skipIf(reason !== null)("the operator's console", () => {
  layer(consoleFixture, { timeout: "5 minutes", excludeTestServices: true })("in a browser", (it) => {
    it.effect("lists invocations with status and age, and leads to one", () =>
      visit("/", async (page) => {
        await rows(page).first().waitFor()
        assert.deepStrictEqual(await cells(page, "Status"), ["◔ suspended", "‖ paused", "✕ failed"])
        assert.deepStrictEqual(await cells(page, "Created"), [
          "1 Dec 2026, 10:00:00 UTC",
          "1 Dec 2026, 09:00:00 UTC",
          "1 Dec 2026, 08:00:00 UTC"
        ])
        assert.strictEqual(await page.title(), "Invocations · Control plane worker")
        await page.getByRole("link", { name: "DeployService/Deploy" }).click()
        await page.getByText("check-instances × 96, every 1.00 s").waitFor()
        assert.match(await page.title(), /^Invocation inv_1iIrn/)
        assert.strictEqual(await page.evaluate("document.activeElement.tagName"), "H1")
      })
    )

    it.effect("lists deployments, domains, certificates and builds", () =>
      Effect.gen(function* () {
        const seen = yield* Effect.forEach(lists.slice(1), (path) =>
          visit(path, async (page) => {
            await rows(page).first().waitFor()
            return [await page.locator("h1").innerText(), await page.locator("tbody .status").allInnerTexts()]
          })
        )
        assert.deepStrictEqual(seen, [
          ["Deployments", ["● deploying", "✕ failed", "✓ ready"]],
          ["Domains", ["● verifying"]],
          ["Certificates", ["✓ verified", "✕ expired"]],
          ["Builds", ["✕ failed"]]
        ])
      })
    )

    it.effect("keeps filters, order and page in the address, over a reload and back", () =>
      visit("/deployments", async (page) => {
        await rows(page).first().waitFor()
        await page.getByLabel("Status").selectOption("failed")
        await rows(page).nth(1).waitFor({ state: "detached" })
        await page.reload()
        await rows(page).first().waitFor()
        assert.deepStrictEqual(await cells(page, "Deployment"), ["d_TwVD2ONL"])
        await page.goBack()
        await rows(page).nth(2).waitFor()
        await page.getByRole("button", { name: "Deployment" }).click()
        assert.deepStrictEqual(await cells(page, "Deployment"), ["d_n9RL7R0v live", "d_TwVD2ONL", "d_W1sxMKKS"])
        assert.match(page.url(), /\/deployments\?sort=id$/)
        await page.goto(page.url().replace("/deployments?sort=id", "/invocations"))
        await page.getByRole("link", { name: "Older" }).click()
        await rows(page).nth(1).waitFor({ state: "detached" })
        assert.match(page.url(), /\/invocations\?after=older$/)
        await page.getByRole("link", { name: "Newest" }).click()
        await rows(page).nth(2).waitFor()
        await page.getByLabel("Find").fill("shop.customer.test")
        await rows(page).nth(1).waitFor({ state: "detached" })
        assert.match(page.url(), /\/invocations\?q=shop.customer.test$/)
        await page.getByLabel("Find").fill("nothing")
        await page.getByText("No invocation matches these filters.").waitFor()
      })
    )

    it.effect("says of every list why it has no rows", () =>
      given(
        { isEmpty: true },
        Effect.gen(function* () {
          const texts = yield* Effect.forEach(lists, (path) =>
            visit(path, async (page) => {
              await settled(page)
              return page.locator(".empty").innerText()
            })
          )
          assert.deepStrictEqual(texts, [
            "Restate keeps no invocation of this worker.",
            "There is no deployment yet.",
            "There is no custom domain yet.",
            "No certificate has been requested yet.",
            "There is no build: none runs, and none has ended in the last day."
          ])
        })
      )
    )

    it.effect(
      "tells of a running deployment its phases, what it waits for, its polls as one line, and where to go on",
      () =>
        visit("/deployments/d_W1sxMKKS", async (page) => {
          await settled(page)
          const main = await page.locator("main").innerText()
          assert.include(main, "Waits for instances: local.dev 0 of 1 running, until 1 Dec 2026, 10:15:00 UTC.")
          assert.match(main, /queued\s+✓ completed 1\.00 s from 1 Dec 2026, 10:00:00 UTC/)
          assert.match(main, /deploying\s+● running 1 min 41 s so far/)
          assert.include(main, "check-instances × 96, every 1.00 s")
          assert.include(main, "shop-production.unkey.local")
          assert.include(main, `control-plane-worker cancel ${deployInvocation.id}`)
          const href = (name: string) => page.getByRole("link", { name }).first().getAttribute("href")
          assert.strictEqual(
            await href("Open in Restate"),
            `http://127.0.0.1:9070/ui/invocations/${deployInvocation.id}`
          )
          assert.strictEqual(
            await href("Open the trace"),
            `https://traces.example/trace/${deployInvocation.traceId ?? ""}`
          )
          assert.strictEqual(await rows(page).count(), 3)
        })
    )

    it.effect("tells of a failed deployment the reason and the build's output, page by page", () =>
      visit("/deployments/d_TwVD2ONL", async (page) => {
        await settled(page)
        assert.include(await page.locator(".phases .reason").first().innerText(), "exit code 1")
        const log = page.locator("section.log")
        assert.include(await log.innerText(), "added 12 packages")
        await page.getByRole("button", { name: "More output" }).click()
        await log.getByText("the last line").waitFor()
        assert.strictEqual(await page.getByRole("button", { name: "More output" }).count(), 0)
      })
    )

    it.effect(
      "shows what tenants write as text, without markup, control characters or effect on the text around it",
      () =>
        Effect.forEach(["/domains/shop.customer.test", "/deployments/d_TwVD2ONL", "/builds", "/builds/bld_1"], (path) =>
          visit(path, async (page) => {
            await settled(page)
            const text = await page.locator("main").innerText()
            assert.include(text, "<b>bold</b>red")
            assert.notInclude(text, "\u001b")
            assert.notInclude(text, "\u202e")
            assert.strictEqual(await page.locator("main img, main b:text('bold')").count(), 0)
            assert.notStrictEqual(await page.title(), "owned")
            assert.isAbove(await page.locator("main bdi", { hasText: "<b>bold</b>" }).count(), 0)
          })
        )
    )

    it.effect("has no action while the console only reads", () =>
      given(
        { actions: false },
        visit("/deployments/d_W1sxMKKS", async (page) => {
          await settled(page)
          await page.getByText("read-only").waitFor()
          assert.strictEqual(await page.getByRole("button", { name: /Cancel|Kill/ }).count(), 0)
        })
      )
    )

    it.effect("asks before an action, names what it destroys, and starts at the button that changes nothing", () =>
      Effect.gen(function* () {
        const { received } = yield* ConsoleFixture
        yield* Ref.set(received, [])
        yield* visit("/deployments/d_W1sxMKKS", async (page) => {
          await page.getByRole("button", { name: "Cancel" }).click()
          const dialog = page.getByRole("dialog", { name: "Cancel: deploy of d_W1sxMKKS?" })
          const text = await dialog.innerText()
          assert.include(text, "marks the deployment failed and removes its instances")
          assert.include(text, deployInvocation.id)
          assert.strictEqual(await page.evaluate("document.activeElement.textContent"), "Keep it as it is")
          await page.keyboard.press("Escape")
          await dialog.waitFor({ state: "detached" })
          assert.strictEqual(await page.evaluate("document.activeElement.textContent"), "Cancel")
          await page.getByRole("button", { name: "Kill" }).click()
          assert.include(await page.getByRole("dialog").innerText(), "No compensation runs")
          await page.getByRole("dialog").getByRole("button", { name: "Kill" }).click()
          await page.getByRole("dialog").waitFor({ state: "detached" })
        })
        assert.deepStrictEqual(yield* Ref.get(received), [
          { path: `/api/invocations/${deployInvocation.id}/kill`, intended: "1" }
        ])
      })
    )

    it.effect("shows why Restate refuses an action, and stays in the dialog", () =>
      given(
        { refusal: "the invocation has completed" },
        visit("/deployments/d_W1sxMKKS", async (page) => {
          await page.getByRole("button", { name: "Cancel" }).click()
          await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click()
          await page.getByRole("dialog").getByText("the invocation has completed").waitFor()
        })
      )
    )

    it.effect("offers what fits the status: a paused invocation is resumed", () =>
      visit("/domains/shop.customer.test", async (page) => {
        await settled(page)
        const block = page.getByRole("region", { name: "Invocation of the issuance" })
        assert.deepStrictEqual(await block.getByRole("button").allInnerTexts(), ["Resume", "Cancel", "Kill"])
        assert.include(await block.innerText(), "the authority does not answer")
      })
    )

    it.effect("says which sources are missing, and shows the rest", () =>
      given(
        { missing: [{ source: "clickhouse", reason: "connection refused" }] },
        visit("/deployments/d_TwVD2ONL", async (page) => {
          await settled(page)
          await page.getByText("ClickHouse is missing: connection refused.").first().waitFor()
          assert.include(await page.locator("main").innerText(), "acme/shop production")
        })
      )
    )

    it.effect("says that a subject is not known, and what is alike", () =>
      visit(
        "/deployments/d_unknown",
        async (page) => {
          await page.getByText("Did you mean d_W1sxMKKS?").waitFor()
        },
        { expected: notFoundMessage }
      )
    )

    it.effect("leads to the login, and from there back", () =>
      given(
        { isLoggedIn: false },
        visit(
          "/deployments?status=failed",
          async (page) => {
            await page.waitForURL("**/login?next=%2Fdeployments%3Fstatus%3Dfailed")
          },
          { expected: /401/ }
        )
      )
    )

    it.effect("refreshes by itself, and not while refresh is paused or the tab is hidden", () =>
      Effect.gen(function* () {
        const { requests, state } = yield* ConsoleFixture
        const runtime = yield* Effect.runtime()
        const run = <A>(effect: Effect.Effect<A>) => Runtime.runPromise(runtime)(effect)
        const show = (deploymentStatus: string) => run(Ref.set(state, { ...initialState, deploymentStatus }))
        yield* visit("/deployments/d_W1sxMKKS", async (page) => {
          const shows = (status: string) => page.locator(".page-head .status", { hasText: status }).waitFor()
          const setHidden = (isHidden: boolean) =>
            page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} })
              document.dispatchEvent(new Event("visibilitychange"))`)
          const asksNothing = async () => {
            await run(Ref.set(requests, []))
            await page.clock.runFor("01:00")
            assert.deepStrictEqual(await run(Ref.get(requests)), [])
          }
          await page.getByText("Waits for instances").waitFor()
          await show("network")
          await shows("network")
          await page.clock.install()
          const pause = page.getByRole("button", { name: "Pause refresh" })
          await pause.click()
          await asksNothing()
          await pause.click()
          await setHidden(true)
          await asksNothing()
          await show("ready")
          await setHidden(false)
          await shows("ready")
        })
        yield* Ref.set(state, initialState)
      })
    )

    it.effect("is used by the keyboard: first the skip, then the pages, then the content", () =>
      visit("/deployments", async (page) => {
        await rows(page).first().waitFor()
        const focused = () =>
          page.evaluate<string>("document.activeElement.textContent || document.activeElement.tagName")
        await page.keyboard.press("Tab")
        assert.strictEqual(await focused(), "Skip to the content")
        await page.keyboard.press("Enter")
        assert.strictEqual(await page.evaluate("document.activeElement.id"), "main")
        await page.keyboard.press("Tab")
        assert.strictEqual(await page.evaluate("document.activeElement.tagName"), "SELECT")
        // Past the log out and the pause.
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        assert.strictEqual(await focused(), "Builds")
        await page.keyboard.press("Enter")
        await page.locator("h1", { hasText: "Builds" }).waitFor()
        assert.strictEqual(await focused(), "Builds")
      })
    )

    it.effect.each(["light", "dark"] as const)(
      "has no violation of WCAG that axe-core finds on any page: %s",
      (colorScheme) =>
        Effect.gen(function* () {
          const violations = yield* Effect.forEach([...lists, ...subjects], (path) =>
            Effect.map(
              visit(
                path,
                async (page) => {
                  await settled(page)
                  return axeViolations(page)
                },
                { colorScheme }
              ),
              (found) => found.map((text) => `${path} ${text}`)
            )
          )
          const dialog = yield* visit(
            "/deployments/d_W1sxMKKS",
            async (page) => {
              await page.getByRole("button", { name: "Kill" }).click()
              await page.getByRole("dialog").waitFor()
              return axeViolations(page)
            },
            { colorScheme }
          )
          const notices = yield* given(
            { isEmpty: true, missing: [{ source: "restate", reason: "connection refused" }] },
            visit(
              "/invocations",
              async (page) => {
                await settled(page)
                return axeViolations(page)
              },
              { colorScheme }
            )
          )
          assert.deepStrictEqual([...violations.flat(), ...dialog, ...notices], [])
        })
    )

    it.effect("fits a phone of 390 pixels on every page", () =>
      Effect.gen(function* () {
        const widths = yield* Effect.forEach([...lists, ...subjects], (path) =>
          visit(
            path,
            async (page) => {
              await settled(page)
              return { path, overflow: await overflowOf(page) }
            },
            { width: 390, height: 844 }
          )
        )
        assert.deepStrictEqual(
          widths.filter(({ overflow }) => overflow > 0),
          []
        )
      })
    )
  })
})
