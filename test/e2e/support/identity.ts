import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { RunDirectory } from "../../../dev/stack/RunDirectory.ts"
import { makeIdentityKey } from "../../support/requestIdentity.ts"

/** A key that a Restate server signs its requests with, and what a worker must be told to accept them. */
export const requestIdentity = Effect.gen(function* () {
  const run = yield* RunDirectory
  const { privateKey, publicKey } = yield* Effect.sync(makeIdentityKey)
  const privateKeyFile = join(yield* run.folderFor("identity"), "private.pem")
  yield* Effect.promise(() => writeFile(privateKeyFile, privateKey.export({ type: "pkcs8", format: "pem" })))
  return { privateKeyFile, publicKey }
})
