import { FileSystem, HttpServerResponse, Path } from "@effect/platform"
import { Effect, Option } from "effect"
import { ApiProblem } from "./ApiProblem.ts"

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml"
}

export interface PageFile {
  readonly content: Uint8Array
  readonly contentType: string
}

/** The page's files by path. Only these are served, so no path of a request reaches the file system. */
export type PageFiles = ReadonlyMap<string, PageFile>

/** Reads the first of these folders that has the page; empty if none has it. Files of other kinds are left out. */
export const readPageFiles = (folders: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const found = yield* Effect.findFirst(folders, (folder) =>
      Effect.orElseSucceed(files.exists(path.join(folder, "index.html")), () => false)
    )
    if (Option.isNone(found)) return new Map<string, PageFile>()
    const names = yield* files.readDirectory(found.value)
    const read = names.flatMap((name) => {
      const contentType = contentTypes[path.extname(name)]
      return contentType === undefined
        ? []
        : [
            Effect.map(
              files.readFile(path.join(found.value, name)),
              (content) => [`/${name}`, { content, contentType }] as const
            )
          ]
    })
    return new Map<string, PageFile>(yield* Effect.all(read))
  })

const notBuilt = new ApiProblem({ status: 404, error: "the page is not built: npm run build" })
const noSuchFile = new ApiProblem({ status: 404, error: "there is no such file" })

/**
 * A file of the page; for a path without an extension the page itself, which shows the path. It holds no data, so it needs no
 * login: a link from another site works although the session's cookie stays behind.
 */
export const pageFile = (
  files: PageFiles,
  path: string
): Effect.Effect<HttpServerResponse.HttpServerResponse, ApiProblem> => {
  const file = files.get(/\.[a-z]+$/.test(path) && !path.slice(1).includes("/") ? path : "/index.html")
  if (file !== undefined)
    return Effect.succeed(HttpServerResponse.uint8Array(file.content, { contentType: file.contentType }))
  return files.size === 0 ? notBuilt : noSuchFile
}
