import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { devFolder } from "./RunDirectory.ts"

/** Scripts wait for this file: it is created atomically once all services respond, and deleted with the stack. */
const addressFile = join(devFolder, "stack.json")

/** No stack is running. */
export class NoStack extends Schema.TaggedError<NoStack>()("NoStack", {}) {
  override get message() {
    return "no stack runs: start `npm run dev` or set STACK_RESTATE_INGRESS"
  }
}

const Settings = Schema.Record({ key: Schema.String, value: Schema.String })
const Addresses = Schema.parseJson(Schema.Struct({ ingress: Schema.String, settings: Settings }))

export interface Published {
  readonly addresses: Readonly<Record<string, string>>
  /** A worker's settings on this stack, by configuration name, for the worker's other commands. */
  readonly settings: Readonly<Record<string, string>>
}

/** Publishes the addresses of running services for as long as the scope is open. The settings include passwords. */
export const publishAddresses = ({ addresses, settings }: Published) => {
  const content = `${JSON.stringify({ ...addresses, settings }, null, 2)}\n`
  return Effect.acquireRelease(
    Effect.promise(async () => {
      const draft = `${addressFile}.${process.pid}`
      await mkdir(devFolder, { recursive: true })
      await writeFile(draft, content, { mode: 0o600 })
      await rename(draft, addressFile)
    }),
    () =>
      // A later stack has replaced the file with its own addresses; keep those.
      Effect.tryPromise(async () => {
        if ((await readFile(addressFile, "utf8")) === content) await rm(addressFile)
      }).pipe(Effect.ignore)
  )
}

/** The addresses and settings of the most recently started running stack. */
export const readAddresses = Effect.tryPromise(() => readFile(addressFile, "utf8")).pipe(
  Effect.flatMap(Schema.decode(Addresses)),
  Effect.mapError(() => new NoStack())
)
