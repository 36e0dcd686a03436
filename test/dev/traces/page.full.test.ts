import { readFileSync } from "node:fs"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { Browser, Page } from "playwright-core"
import { whyNoChromium } from "../../../dev/stack/Chromium.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import type { ExportTraceServiceRequest } from "../../../dev/traces/Otlp.ts"
import { TraceCollector, traceCollector } from "../../../dev/traces/TraceCollector.ts"
import { axeViolations, overflowOf } from "../../support/browser/axe.ts"
import { launchBrowser, noComplaints, type VisitOptions, visitPage } from "../../support/browser/browser.ts"
import { isFull } from "../../support/size.ts"
import { exported } from "../../support/traces/exported.ts"

const reason = await Effect.runPromise(whyNoChromium)

/** Of one run of the demo, newest first: a renewal and what it sent off, a certificate, a refused promotion, a deploy. */
const recorded: ReadonlyArray<ExportTraceServiceRequest> = JSON.parse(
  readFileSync(new URL("./fixtures/demo.json", import.meta.url), "utf8")
)
const deploy = "f5b283923528d235d84ba74ec3f2d9f6"
const refused = "3aefd3876c78d50881e210718f4a632f"
const restateUi = "http://127.0.0.1:9070/ui"

const large = "0af7651916cd43dd8448eb211c80319c"
const largeTrace: ExportTraceServiceRequest = {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: Array.from({ length: 3000 }, (_, i) => ({
            traceId: large,
            spanId: (i + 1).toString(16).padStart(16, "0"),
            name: `span ${i}`,
            startTimeUnixNano: `${1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n}`,
            endTimeUnixNano: `${1_700_000_000_000_500_000n + BigInt(i) * 1_000_000n}`
          }))
        }
      ]
    }
  ]
}

const running = "1bf7651916cd43dd8448eb211c80319c"
const second = 1_000_000_000n
const begun = 1_700_000_100n * second
const idOf = (index: number) => index.toString(16).padStart(16, "0")
/** A deploy that waits for instances: its handler has not ended, so the parent of its polls is not there. */
const runningTrace: ExportTraceServiceRequest = {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: running,
              spanId: idOf(1),
              name: "invocation-start hydra.v1.DeployService/{key}/Deploy",
              startTimeUnixNano: `${begun}`,
              endTimeUnixNano: `${begun + 1_000_000n}`,
              attributes: [
                { key: "restate.invocation.id", value: { stringValue: "inv_1" } },
                { key: "restate.invocation.target", value: { stringValue: "hydra.v1.DeployService/proj_1/Deploy" } }
              ]
            },
            ...Array.from({ length: 40 }, (_, i) => ({
              traceId: running,
              spanId: idOf(i + 3),
              parentSpanId: idOf(2),
              name: "check-instances",
              startTimeUnixNano: `${begun + BigInt(i + 1) * second}`,
              endTimeUnixNano: `${begun + BigInt(i + 1) * second + 2_000_000n}`,
              attributes: [{ key: "deployment_id", value: { stringValue: "d_W1sxMKKS" } }]
            }))
          ]
        }
      ]
    }
  ]
}

class Fixture extends Context.Tag("test/dev/traces/Fixture")<
  Fixture,
  { readonly browser: Browser; readonly endpoint: string }
>() {}

const fixture = Layer.scoped(
  Fixture,
  Effect.gen(function* () {
    const { endpoint, linkInvocationsTo } = yield* TraceCollector
    yield* linkInvocationsTo(restateUi)
    for (const request of [largeTrace, runningTrace, ...recorded.toReversed()]) {
      const body = yield* exported(request)
      const { status } = yield* Effect.promise(() => fetch(`${endpoint}/v1/traces`, { method: "POST", body }))
      assert.strictEqual(status, 200)
    }
    const browser = yield* launchBrowser
    return { browser, endpoint }
  })
).pipe(Layer.provide([traceCollector(), RunDirectoryLive]))

/** A page of its own; nothing must go wrong on it. */
const visit = <A>(path: string, use: (page: Page) => Promise<A>, options: Partial<VisitOptions> = {}) =>
  Effect.gen(function* () {
    const { browser, endpoint } = yield* Fixture
    const { complaints, seen } = yield* visitPage(browser, { origin: endpoint, path: `/#/${path}`, ...options }, use)
    assert.deepStrictEqual(complaints, noComplaints)
    return seen
  })

/** Runs in the browser, which decodes the picture. */
const measuring = `async (png) => {
  const image = new Image()
  image.src = "data:image/png;base64," + png
  await image.decode()
  const canvas = new OffscreenCanvas(image.width, image.height)
  const context = canvas.getContext("2d")
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  const colours = new Set()
  let sum = 0
  for (let i = 0; i < data.length; i += 4) {
    colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
    sum += data[i] + data[i + 1] + data[i + 2]
  }
  return { colours: colours.size, brightness: sum / (255 * 3 * image.width * image.height) }
}`

/** How many colours a screenshot has, and how bright it is on average. */
const measure = (png: string) =>
  Effect.flatMap(Fixture, ({ browser }) =>
    Effect.promise(async () => {
      const page = await browser.newPage()
      const measured = await page.evaluate<{ readonly colours: number; readonly brightness: number }>(
        `(${measuring})(${JSON.stringify(png)})`
      )
      await page.close()
      return measured
    })
  )

const listed = (page: Page) => page.locator("tbody .name").allTextContents()
const rows = (page: Page) => page.locator(".rows .row")
const names = (page: Page) => page.locator(".rows .row .text").allTextContents()

if (reason !== null) globalThis.console.warn(`Skipped: the traces' page. ${reason}`)

describe.skipIf(reason !== null)("the traces of a run", () => {
  layer(fixture, { timeout: "5 minutes", excludeTestServices: true })("in a browser", (it) => {
    it.effect("lists every invocation's trace, newest first, with date, status, key and failures", () =>
      visit("", async (page) => {
        await page.locator("tbody tr").first().waitFor()
        assert.deepStrictEqual(await listed(page), [
          "CertificateService ProcessChallenge",
          "CertificateService RenewExpiringCertificates",
          "CertificateService ProcessChallenge",
          "DeployService Promote",
          "DeployService Deploy",
          "DeployService Deploy"
        ])
        assert.match((await page.locator("tbody time").first().textContent()) ?? "", /^\d+ \w{3} 20\d\d, [\d:]{8} UTC$/)
        assert.strictEqual(await page.locator("tr.failed .errors").textContent(), "✕ 1")
        assert.deepStrictEqual(await page.locator("tbody .status").allInnerTexts(), [
          "✓ completed",
          "✓ completed",
          "✓ completed",
          "✕ failed",
          "✓ completed",
          "● running"
        ])
        assert.strictEqual(await page.title(), "Traces · Control plane worker")
        await page.getByLabel("Also without an invocation").check()
        assert.include(await listed(page), "span 0")
      })
    )

    it.effect("keeps filters and order in the address, and says when nothing matches", () =>
      visit("", async (page) => {
        await page.getByLabel("Filter").fill("certificate customer.test")
        await page.locator("tbody tr").nth(1).waitFor({ state: "detached" })
        await page.getByText("1 more like this").click()
        assert.strictEqual(await page.locator("tbody tr").count(), 2)
        await page.getByLabel("Filter").fill("")
        await page.getByLabel("Service").selectOption("DeployService")
        await page.getByLabel("Status").selectOption("failed")
        await page.locator("tbody tr").first().waitFor()
        assert.deepStrictEqual(await listed(page), ["DeployService Promote"])
        await page.reload()
        await page.locator("tbody tr").first().waitFor()
        assert.deepStrictEqual(await listed(page), ["DeployService Promote"])
        await page.getByLabel("Service").selectOption("CertificateService")
        await page.getByText("No trace matches these filters.").waitFor()
        await page.goBack()
        await page.locator("tbody .name").click()
        await rows(page).first().waitFor()
        assert.include(await page.locator("h1").textContent(), "DeployService/Promote")
        assert.match(await page.title(), /^DeployService\/Promote proj_\w+ · /)
      })
    )

    it.effect("finds a deploy that runs by its deployment's id, and shows its polls as one row", () =>
      visit("?q=d_W1sxMKKS", async (page) => {
        await page.locator("tbody tr").first().waitFor()
        assert.deepStrictEqual(await page.locator("tbody .status").allInnerTexts(), ["● running"])
        await page.locator("tbody .name").click()
        await rows(page).first().waitFor()
        assert.deepStrictEqual(await names(page), ["DeployService/Deploy", "check-instances × 40, every 1.00 s"])
        await page.locator(".row.repeat .fold").click()
        assert.strictEqual(await rows(page).count(), 42)
      })
    )

    it.effect("sorts by a heading, in both directions", () =>
      visit("", async (page) => {
        await page.getByRole("button", { name: "Duration" }).click()
        const heading = page.locator("th", { hasText: "Duration" })
        assert.strictEqual(await heading.getAttribute("aria-sort"), "ascending")
        assert.strictEqual((await listed(page))[0], "DeployService Promote")
        await page.getByRole("button", { name: "Duration" }).click()
        assert.strictEqual(await heading.getAttribute("aria-sort"), "descending")
        assert.strictEqual((await listed(page)).at(-1), "DeployService Promote")
      })
    )

    it.effect.runIf(isFull)(
      "shows a deploy as invocations, handlers and steps across services, in the order of time, with its waits",
      () =>
        visit(deploy, async (page) => {
          await rows(page).first().waitFor()
          const shown = await names(page)
          assert.includeMembers(shown, [
            "DeployService/Deploy",
            "load-deployment",
            "publish-change",
            "RoutingService/SwapLiveDeployment",
            "sleeps"
          ])
          assert.isBelow(shown.indexOf("publish-change"), shown.indexOf("finish"))
          assert.notInclude(shown, "DeploymentStore.find")
          assert.isAbove(await page.locator(".row.handler .bar .wait").count(), 0)
          await page.locator(".row.step .fold").first().click()
          assert.include(await names(page), "DeploymentStore.find")
          await page.getByText("All of Restate's spans").click()
          assert.includeMembers(await names(page), ["ingress DeployService/Deploy", "attempt DeployService/Deploy"])
        })
    )

    it.effect.runIf(isFull)("marks what failed, says why, and leads from a span to its invocation in Restate", () =>
      visit(refused, async (page) => {
        await rows(page).first().waitFor()
        assert.strictEqual(await page.locator(".row.failed .mark").count(), 2)
        await page.locator(".row.failed", { hasText: "end DeployService/Promote" }).click()
        const detail = page.locator(".detail")
        assert.match(
          (await detail.locator(".error").first().textContent()) ?? "",
          /^cannot promote deployment .* already live$/
        )
        const link = await detail.getByText("Open the invocation").getAttribute("href")
        assert.match(link ?? "", /^http:\/\/127\.0\.0\.1:9070\/ui\/invocations\/inv_\w+$/)
        await page.keyboard.press("Escape")
        assert.strictEqual(await detail.count(), 0)
      })
    )

    it.effect.runIf(isFull)("leads from a trace to the ones it sent off, and back", () =>
      visit("f80eb2e76cc3c8dd9385b954a59e35ab", async (page) => {
        await page.locator(".related a").first().click()
        await page.locator("h1", { hasText: "ProcessChallenge" }).waitFor()
        await page.locator(".related a", { hasText: "RenewExpiringCertificates" }).click()
        await page.locator("h1", { hasText: "RenewExpiringCertificates" }).waitFor()
      })
    )

    it.effect.runIf(isFull)("is walked, folded and opened by the keyboard alone", () =>
      visit(deploy, async (page) => {
        await rows(page).first().focus()
        const all = await rows(page).count()
        await page.keyboard.press("ArrowLeft")
        assert.strictEqual(await rows(page).count(), 1)
        await page.keyboard.press("ArrowRight")
        assert.strictEqual(await rows(page).count(), all)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        assert.strictEqual(await page.locator(".detail h2").textContent(), "load-deployment")
      })
    )

    it.effect.runIf(isFull)("takes a trace of 3,000 spans", () =>
      visit(large, async (page) => {
        await rows(page).nth(2999).waitFor({ state: "attached" })
        await rows(page).first().focus()
        await page.keyboard.press("End")
        assert.strictEqual(
          await page.evaluate("document.activeElement.querySelector('.text').textContent"),
          "span 2999"
        )
      })
    )

    it.effect.each(isFull ? (["light", "dark"] as const) : [])("is painted in the reader's scheme: %s", (scheme) =>
      Effect.gen(function* () {
        const png = yield* visit(
          deploy,
          async (page) => {
            await rows(page).first().waitFor()
            return (await page.screenshot()).toString("base64")
          },
          { colorScheme: scheme }
        )
        const picture = yield* measure(png)
        assert.isAbove(picture.colours, 30)
        if (scheme === "light") assert.isAbove(picture.brightness, 0.8)
        else assert.isBelow(picture.brightness, 0.3)
      })
    )

    it.effect.each(["light", "dark"] as const)("has no violation of WCAG that axe-core finds: %s", (colorScheme) =>
      Effect.gen(function* () {
        const list = visit(
          "",
          async (page) => {
            await page.locator("tbody tr").first().waitFor()
            return axeViolations(page)
          },
          { colorScheme }
        )
        const trace = visit(
          refused,
          async (page) => {
            await rows(page).nth(1).click()
            await page.locator(".detail").waitFor()
            return axeViolations(page)
          },
          { colorScheme }
        )
        assert.deepStrictEqual(yield* Effect.all([list, trace]), [[], []])
      })
    )

    it.effect("fits a phone of 390 pixels", () =>
      Effect.gen(function* () {
        const widths = yield* Effect.forEach(["", deploy], (path) =>
          visit(
            path,
            async (page) => {
              await page
                .locator(path === "" ? "tbody tr" : ".rows .row")
                .first()
                .waitFor()
              return overflowOf(page)
            },
            { width: 390, height: 844 }
          )
        )
        assert.deepStrictEqual(widths, [0, 0])
      })
    )

    it.effect("answers other viewers with a trace as OTLP/JSON, and 404 when it is not held", () =>
      Effect.gen(function* () {
        const { endpoint } = yield* Fixture
        const get = (id: string) => Effect.promise(() => fetch(`${endpoint}/traces/${id}`))
        const found = yield* Effect.promise(async () => {
          // As the collector's own type says it answers; the ids below are what is checked.
          return (await (await fetch(`${endpoint}/traces/${refused}`)).json()) as ExportTraceServiceRequest
        })
        const idsOf = ({ resourceSpans }: ExportTraceServiceRequest) =>
          resourceSpans.flatMap(({ scopeSpans = [] }) =>
            scopeSpans.flatMap(({ spans = [] }) => spans.map((it) => it.spanId))
          )
        const sent = recorded.find((request) => JSON.stringify(request).includes(refused))
        assert.deepStrictEqual(idsOf(found).toSorted(), sent === undefined ? [] : idsOf(sent).toSorted())
        assert.strictEqual((yield* get("0".repeat(32))).status, 404)
      })
    )
  })
})
