import { FileSystem } from "@effect/platform"
import { Chunk, Effect, Stream } from "effect"
import { environmentName } from "./Setting.ts"

/** `vault.token` is read from the file that WORKER_VAULT_TOKEN_FILE names. */
export const fileVariable = (path: string): string => `${environmentName(path)}_FILE`

/** Kubernetes allows 1 MiB for a whole Secret; a single key, certificate or address is far below this. */
export const maxSecretFileBytes = 64 * 1024

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * The text of a file without one line break at its end, which editors and `echo` add. Fails with what is wrong. The
 * failure quotes neither the content nor the name of the file: the secret itself may stand in the name's place.
 */
export const readSecretFile = (file: string): Effect.Effect<string, string, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const chunks = yield* Stream.runCollect(fileSystem.stream(file, { bytesToRead: maxSecretFileBytes + 1 })).pipe(
      Effect.mapError((error) => `cannot be read (${error._tag === "SystemError" ? error.reason : error._tag})`)
    )
    const bytes = Buffer.concat(Chunk.toReadonlyArray(chunks))
    if (bytes.length > maxSecretFileBytes) return yield* Effect.fail(`is larger than ${maxSecretFileBytes / 1024} KiB`)
    const text = yield* Effect.try({ try: () => utf8.decode(bytes), catch: () => "is not text in UTF-8" })
    const secret = text.replace(/\r?\n$/, "")
    return secret === "" ? yield* Effect.fail("is empty") : secret
  })
