import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { devFolder } from "./RunDirectory.ts"

/** Scripts wait for this file: it appears, whole, once everything answers, and goes away with the stack. */
const addressFile = join(devFolder, "stack.json")

/** No stack is up. */
export class NoStack extends Schema.TaggedError<NoStack>()("NoStack", {}) {
  override get message() {
    return "no stack runs: start `npm run dev` or set STACK_RESTATE_INGRESS"
  }
}

const Addresses = Schema.parseJson(Schema.Struct({ ingress: Schema.String }))

/** Names and addresses of what is up, for as long as the scope. */
export const publishAddresses = (addresses: Readonly<Record<string, string>>) => {
  const content = `${JSON.stringify(addresses, null, 2)}\n`
  return Effect.acquireRelease(
    Effect.promise(async () => {
      const draft = `${addressFile}.${process.pid}`
      await mkdir(devFolder, { recursive: true })
      await writeFile(draft, content)
      await rename(draft, addressFile)
    }),
    () =>
      // A stack started after this one has put its own addresses there; those stay.
      Effect.tryPromise(async () => {
        if ((await readFile(addressFile, "utf8")) === content) await rm(addressFile)
      }).pipe(Effect.ignore)
  )
}

/** The addresses of the stack that is up and was started last. */
export const readAddresses = Effect.tryPromise(() => readFile(addressFile, "utf8")).pipe(
  Effect.flatMap(Schema.decode(Addresses)),
  Effect.mapError(() => new NoStack())
)
