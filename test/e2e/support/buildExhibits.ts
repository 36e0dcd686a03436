import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { RunDirectory } from "../../../dev/stack/RunDirectory.ts"
import { Origin } from "./buildStack.ts"
import { type Exhibit, everything } from "./canaries.ts"
import { telemetryOf } from "./pushes.ts"
import { SpanSink } from "./SpanSink.ts"

/** Every column of every table of the database. */
const databaseDump = Effect.gen(function* () {
  const sql = yield* SqlClient
  const tables = yield* sql<{ readonly name: string }>`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()`
  return yield* Effect.forEach(tables, ({ name }) =>
    Effect.map(
      sql`SELECT * FROM ${sql(name)}`,
      (all): Exhibit => ({ where: `table ${name}`, text: JSON.stringify(all) })
    )
  )
})

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b

/** All pushed content with unpacked layers: readable with pull access to the image. */
const registryContent = Effect.gen(function* () {
  const { path } = yield* RunDirectory
  return yield* Effect.promise(async () => {
    const files = await readdir(path, { recursive: true })
    const blobs = files.filter((file) => file.startsWith("registry") && file.endsWith("/data"))
    const read = async (file: string): Promise<Exhibit> => {
      const bytes = await readFile(join(path, file))
      return { where: "registry", text: (isGzip(bytes) ? gunzipSync(bytes) : bytes).toString("latin1") }
    }
    return Promise.all(blobs.filter((file) => file.includes("blobs")).map(read))
  })
})

/** All texts that a project's builds leave anywhere. */
export const buildExhibits = (project: string, deploymentIds: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { git, gitHub } = yield* Origin
    const { exports } = yield* SpanSink
    const telemetry = yield* Effect.forEach(deploymentIds, (id) => telemetryOf(project, id))
    return [
      ...(yield* everything),
      ...(yield* databaseDump),
      ...(yield* registryContent),
      ...exports.map((text) => ({ where: "spans", text })),
      { where: "telemetry", text: JSON.stringify(telemetry) },
      { where: "requests", text: [...git.requests, ...gitHub.requests].join("\n") }
    ]
  })
