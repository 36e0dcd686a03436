import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { Effect } from "effect"
import { build } from "esbuild"
import { pageBuild } from "../image/bundlePage.ts"

const page = fileURLToPath(new URL("./page", import.meta.url))
/** The console's document: both pages name their files alike. */
const document = fileURLToPath(new URL("../../src/console/page/index.html", import.meta.url))

/** The page runs only what this server sends: others wrote the spans that it shows. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store"
}

const bundle = Effect.promise(async () => {
  const { outputFiles } = await build({ ...pageBuild(page), write: false })
  return new Map(outputFiles.map(({ path, text }) => [path.replace(/^.*\//, ""), text]))
})

const send = (content: Effect.Effect<string>, contentType: string) =>
  Effect.map(content, (body) => HttpServerResponse.text(body, { contentType, headers }))

/** The page's files. It is bundled at the first request: a run without one does not pay for it. */
export const pageRoutes = Effect.map(Effect.cached(bundle), (files) => {
  const file = (name: string) => Effect.map(files, (all) => all.get(name) ?? "")
  return HttpRouter.empty.pipe(
    HttpRouter.get(
      "/",
      send(
        Effect.promise(() => readFile(document, "utf8")),
        "text/html; charset=utf-8"
      )
    ),
    HttpRouter.get("/style.css", send(file("style.css"), "text/css; charset=utf-8")),
    HttpRouter.get("/main.js", send(file("main.js"), "text/javascript; charset=utf-8"))
  )
})
