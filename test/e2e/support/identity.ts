import { generateKeyPairSync } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { RunDirectory } from "../../../dev/stack/RunDirectory.ts"

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

const base58 = (bytes: Buffer): string => {
  let text = ""
  for (let rest = BigInt(`0x${bytes.toString("hex")}`); rest > 0n; rest /= 58n)
    text = alphabet.charAt(Number(rest % 58n)) + text
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return alphabet.charAt(0).repeat(zeros) + text
}

/** An Ed25519 public key ends its DER form with its 32 bytes. */
const keyBytes = 32

/** A key that a Restate server signs its requests with, and what a worker must be told to accept them. */
export const requestIdentity = Effect.gen(function* () {
  const run = yield* RunDirectory
  const { privateKey, publicKey } = yield* Effect.sync(() => generateKeyPairSync("ed25519"))
  const privateKeyFile = join(yield* run.folderFor("identity"), "private.pem")
  yield* Effect.promise(() => writeFile(privateKeyFile, privateKey.export({ type: "pkcs8", format: "pem" })))
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-keyBytes)
  return { privateKeyFile, publicKey: `publickeyv1_${base58(raw)}` }
})
