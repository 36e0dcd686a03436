import { randomBytes } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect } from "effect"
import { RunDirectory } from "../../../dev/stack/RunDirectory.ts"
import { RestateClient } from "../../support/stack/Restate.ts"
import { rows } from "./deploys.ts"
import { Workers } from "./Stack.ts"

/** Text that occurs nowhere by chance. */
export const canary = (what: string): string => `canary-${what}-${randomBytes(6).toString("hex")}`

/** A readable text, and its place. */
export interface Exhibit {
  readonly where: string
  readonly text: string
}

/** Base64 of a text depends on where it begins in a group of three bytes; this much of it is the same in any surroundings. */
const base64Forms = (text: string) =>
  [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(" ".repeat(offset) + text).toString("base64")
    return encoded.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + text.length) * 4) / 3) - 1)
  })

/** The text as it is, and in every form in which the stack's tables and logs show bytes. */
const formsOf = (text: string): ReadonlyArray<string> => [
  text,
  encodeURIComponent(text),
  Buffer.from(text).toString("hex"),
  [...Buffer.from(text)].join(","),
  ...base64Forms(text)
]

/** Where the text occurs in any form. */
export const findIn = (exhibits: ReadonlyArray<Exhibit>, text: string): ReadonlyArray<string> => {
  const forms = formsOf(text)
  return exhibits.filter((exhibit) => forms.some((form) => exhibit.text.includes(form))).map(({ where }) => where)
}

const tables = ["sys_journal", "sys_journal_events", "sys_invocation", "state"]

const restateExhibits = Effect.gen(function* () {
  const restate = yield* RestateClient
  const found = yield* Effect.forEach(tables, (table) =>
    Effect.map(restate.sql(`SELECT * FROM ${table}`), (all) =>
      all.map((row) => ({ where: `${table} ${row.target ?? ""}${row.entry_type ?? ""}`, text: JSON.stringify(row) }))
    )
  )
  return found.flat()
})

/** The logs of all processes of this run. */
export const logsOfRun = Effect.gen(function* () {
  const { path } = yield* RunDirectory
  const files = yield* Effect.promise(() => readdir(path, { recursive: true }))
  const logs = files.filter((file) => file.endsWith(".log"))
  return yield* Effect.forEach(logs, (where) =>
    Effect.map(
      Effect.promise(() => readFile(join(path, where), "utf8")),
      (text): Exhibit => ({ where, text })
    )
  )
})

const metricsExhibit = Effect.gen(function* () {
  const { first } = yield* Workers
  const http = yield* HttpClient.HttpClient
  const text = yield* Effect.flatMap(http.get(first.metrics), (response) => response.text)
  return { where: "metrics", text }
}).pipe(Effect.provide(FetchHttpClient.layer))

/** Everything that an operator can look into: Restate's tables, the logs of all processes, the metrics, our rows. */
export const everything = Effect.gen(function* () {
  const database = { where: "rows", text: JSON.stringify(yield* rows) }
  return [...(yield* restateExhibits), ...(yield* logsOfRun), yield* metricsExhibit, database]
})
