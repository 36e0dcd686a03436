import { readFileSync } from "node:fs"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { type Browser, chromium, type Page } from "playwright-core"
import { chromiumProgram, whyNoChromium } from "../../../dev/stack/Chromium.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import type { ExportTraceServiceRequest } from "../../../dev/traces/Otlp.ts"
import { TraceCollector, traceCollector } from "../../../dev/traces/TraceCollector.ts"
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

/** Nothing that asks the network: only the page is of interest. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

class Fixture extends Context.Tag("test/dev/traces/Fixture")<
  Fixture,
  { readonly browser: Browser; readonly endpoint: string }
>() {}

const fixture = Layer.scoped(
  Fixture,
  Effect.gen(function* () {
    const { endpoint, linkInvocationsTo } = yield* TraceCollector
    yield* linkInvocationsTo(restateUi)
    for (const request of [largeTrace, ...recorded.toReversed()]) {
      const body = yield* exported(request)
      const { status } = yield* Effect.promise(() => fetch(`${endpoint}/v1/traces`, { method: "POST", body }))
      assert.strictEqual(status, 200)
    }
    const executablePath = yield* chromiumProgram
    const browser = yield* Effect.acquireRelease(
      Effect.promise(() => chromium.launch({ executablePath, args: flags })),
      (started) => Effect.promise(() => started.close())
    )
    return { browser, endpoint }
  })
).pipe(Layer.provide([traceCollector(), RunDirectoryLive]))

/** A page of its own, that reports what a person would find in the console. */
const visit = <A>(path: string, look: (page: Page) => Promise<A>, colorScheme: "light" | "dark" = "light") =>
  Effect.flatMap(Fixture, ({ browser, endpoint }) =>
    Effect.promise(async () => {
      const page = await browser.newPage({ colorScheme, viewport: { width: 1400, height: 800 } })
      const complaints: Array<string> = []
      const foreign: Array<string> = []
      page.on("pageerror", (error) => complaints.push(error.message))
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()))
      page.on("request", (request) => request.url().startsWith(endpoint) || foreign.push(request.url()))
      await page.goto(`${endpoint}/#/${path}`)
      const seen = await look(page)
      await page.close()
      assert.deepStrictEqual([complaints, foreign.filter((url) => !url.startsWith("data:"))], [[], []])
      return seen
    })
  )

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

const rows = (page: Page) => page.locator(".rows .row")
const names = (page: Page) => page.locator(".rows .row .text").allTextContents()

if (reason !== null) globalThis.console.warn(`Skipped: the traces' page. ${reason}`)

describe.skipIf(reason !== null)("the traces of a run", () => {
  layer(fixture, { timeout: "5 minutes", excludeTestServices: true })("in a browser", (it) => {
    it.effect("lists every trace, newest first, with its key and its errors, and filters them", () =>
      visit("", async (page) => {
        await page.locator("tbody tr").first().waitFor()
        const listed = await page.locator("tbody .name").allTextContents()
        assert.deepStrictEqual(listed, [
          "CertificateService ProcessChallenge",
          "CertificateService RenewExpiringCertificates",
          "CertificateService ProcessChallenge",
          "DeployService Promote",
          "DeployService Deploy",
          "span 0"
        ])
        assert.strictEqual(await page.locator("tr.failed .errors").textContent(), "✕ 2")
        await page.getByLabel("Filter by text").fill("certificate customer.test")
        assert.strictEqual(await page.locator("tbody tr").count(), 1)
        await page.getByText("+ 1 alike").click()
        assert.strictEqual(await page.locator("tbody tr").count(), 2)
        await page.getByLabel("Filter by text").fill("")
        await page.getByLabel("Filter by service").selectOption("DeployService")
        await page.getByLabel("Errors only").check()
        assert.deepStrictEqual(await page.locator("tbody .name").allTextContents(), ["DeployService Promote"])
        await page.locator("tbody .name").click()
        await rows(page).first().waitFor()
        assert.include(await page.locator("h1").textContent(), "DeployService/Promote")
      })
    )

    it.effect.runIf(isFull)(
      "shows a deploy as invocations, handlers and steps across services, and what is inside on a click",
      () =>
        visit(deploy, async (page) => {
          await rows(page).first().waitFor()
          const shown = await names(page)
          assert.includeMembers(shown, ["DeployService/Deploy", "load-deployment", "VersioningService/PublishChange"])
          assert.notInclude(shown, "DeploymentStore.find")
          assert.isAbove(await page.locator(".row.handler .wait").count(), 0)
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
          (await detail.locator(".error").textContent()) ?? "",
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
          scheme
        )
        const picture = yield* measure(png)
        assert.isAbove(picture.colours, 30)
        if (scheme === "light") assert.isAbove(picture.brightness, 0.8)
        else assert.isBelow(picture.brightness, 0.3)
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
