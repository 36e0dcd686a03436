import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { Effect } from "effect"
import { build } from "esbuild"

const fileOf = (name: string) => fileURLToPath(new URL(`./page/${name}`, import.meta.url))

/** Nothing but what this server sends: a page of spans, which others have written, loads and runs nothing else. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store"
}

const bundle = Effect.promise(async () => {
  const { outputFiles } = await build({
    entryPoints: [fileOf("main.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2023",
    logLevel: "silent"
  })
  return outputFiles.map(({ text }) => text).join("")
})

const read = (name: string) => Effect.promise(() => readFile(fileOf(name), "utf8"))

const send = (content: Effect.Effect<string>, contentType: string) =>
  Effect.map(content, (body) => HttpServerResponse.text(body, { contentType, headers }))

/** The page's files. It is bundled at the first request: a run without one does not pay for it. */
export const pageRoutes = Effect.map(Effect.cached(bundle), (script) =>
  HttpRouter.empty.pipe(
    HttpRouter.get("/", send(read("index.html"), "text/html; charset=utf-8")),
    HttpRouter.get("/style.css", send(read("style.css"), "text/css; charset=utf-8")),
    HttpRouter.get("/main.js", send(script, "text/javascript; charset=utf-8"))
  )
)
