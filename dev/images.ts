import { mkdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Duration, Effect } from "effect"
import { type Browser, chromium } from "playwright-core"
import { terminalPage } from "./images/terminalPage.ts"
import { chromiumProgram } from "./stack/Chromium.ts"
import { runCommand } from "./stack/Command.ts"
import { startProcess } from "./stack/Process.ts"
import { RunDirectory, RunDirectoryLive } from "./stack/RunDirectory.ts"
import { ComponentFailed } from "./stack/StackFailure.ts"

const images = fileURLToPath(new URL("../docs/images/", import.meta.url))

/** A run of the demo takes about a minute; a first one also installs what the stack needs. */
const demoBound = Duration.minutes(10)
const width = 1280

/** The output of the demo once everything in it has happened, and the stack that it keeps up for this scope. */
const demoOutput = Effect.gen(function* () {
  const { folderFor } = yield* RunDirectory
  const logFile = join(yield* folderFor("demo"), "demo.log")
  const demo = yield* startProcess({
    component: "Demo",
    command: process.execPath,
    args: [fileURLToPath(new URL("./demo.ts", import.meta.url)), "--keep"],
    env: { ...process.env, FORCE_COLOR: "1" },
    logFile
  })
  const complete = Effect.promise(() => readFile(logFile, "utf8")).pipe(
    Effect.delay("500 millis"),
    Effect.repeat({ until: (output) => output.includes("Log in to the console with") }),
    Effect.timeoutFail({
      duration: demoBound,
      onTimeout: () =>
        new ComponentFailed({
          component: "Demo",
          reason: "not ready in time",
          detail: "no end of the demo",
          lastLines: []
        })
    })
  )
  return yield* Effect.raceFirst(complete, demo.unexpectedEnd)
})

const browser = Effect.flatMap(chromiumProgram, (executablePath) =>
  Effect.acquireRelease(
    Effect.promise(() => chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })),
    (started) => Effect.promise(() => started.close())
  )
)

/** Without colors. */
const plain = (line: string): string =>
  line
    .split("\u001b[")
    .map((part, at) => (at === 0 ? part : part.replace(/^\d*[A-Za-z]/, "")))
    .join("")

/** The chapters about deploys: from the first heading to the promotion that is refused. */
const chaptersOfDeploys = (output: string): string => {
  const lines = output.split("\n")
  const first = lines.findIndex((line) => plain(line).includes(" (1/"))
  const refused = lines.findIndex((line) => plain(line).includes("cannot promote deployment"))
  return ["$ npm run demo", ...lines.slice(first, refused + 1)].join("\n")
}

const demoPicture = (started: Browser, output: string) =>
  Effect.promise(async () => {
    const page = await started.newPage({ viewport: { width, height: 100 }, deviceScaleFactor: 1.5 })
    await page.setContent(terminalPage(chaptersOfDeploys(output)))
    await page.locator("body").screenshot({ path: join(images, "demo.png") })
    await page.close()
  })

const tracesPicture = (started: Browser, output: string) =>
  Effect.promise(async () => {
    const text = plain(output)
    const [, traces = ""] = text.match(/ traces +(http:\S+)/) ?? []
    const [, traceId = ""] = text.match(/^ {2}trace (\w{32})$/m) ?? []
    const page = await started.newPage({ viewport: { width, height: 760 }, colorScheme: "light" })
    await page.goto(`${traces}/#/${traceId}`)
    await page.locator(".rows .row").first().waitFor()
    await page.screenshot({ path: join(images, "traces.png") })
    await page.close()
  })

/** Logs in and takes the pictures of the console: its deployments, and the one that was built from a commit. */
const consolePictures = (started: Browser, output: string) =>
  Effect.promise(async () => {
    const text = plain(output)
    const [, origin = ""] = text.match(/ console +(http:\S+)/) ?? []
    const [, token = ""] = text.match(/Log in to the console with: (\S+)/) ?? []
    const page = await started.newPage({ viewport: { width, height: 760 }, colorScheme: "light" })
    await page.goto(`${origin}/login?next=/deployments`)
    await page.getByLabel("Token").fill(token)
    await page.getByRole("button", { name: "Log in" }).click()
    await page.locator("table.list tbody tr").first().waitFor()
    await page.screenshot({ path: join(images, "console-deployments.png") })
    await page.goto(`${origin}/builds`)
    await page.locator("td[data-label=Deployment] a").first().click()
    await page.locator("section.log").waitFor()
    await page.setViewportSize({ width, height: 2000 })
    // Up to the output of the build, which names folders of this machine.
    const { y = 0 } = (await page.locator("section.log").boundingBox()) ?? {}
    await page.screenshot({ path: join(images, "console-deployment.png"), clip: { x: 0, y: 0, width, height: y } })
    await page.close()
  })

/** Writes the pictures of the documents from a run of the demo. */
const write = Effect.gen(function* () {
  yield* Effect.promise(() => mkdir(images, { recursive: true }))
  const started = yield* browser
  yield* Effect.logInfo("Demo: running")
  const output = yield* demoOutput
  yield* demoPicture(started, output)
  yield* tracesPicture(started, output)
  yield* consolePictures(started, output)
  yield* Effect.logInfo(`Pictures: ${images}`)
})

write.pipe(Effect.scoped, Effect.provide(RunDirectoryLive), runCommand)
