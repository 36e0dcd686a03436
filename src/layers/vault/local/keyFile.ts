import { dirname } from "node:path"
import { FileSystem } from "@effect/platform"
import type { PlatformError } from "@effect/platform/Error"
import { Array as Arr, Effect, Option } from "effect"
import { VaultFileRefused } from "../VaultFileRefused.ts"
import { type MasterKey, newMasterKey } from "./envelope.ts"

/** The last key is the newest and encrypts. */
export type MasterKeys = Arr.NonEmptyReadonlyArray<MasterKey>

const refuse = (file: string, problem: string) => new VaultFileRefused({ setting: "vault.key_file", file, problem })

const reasonOf = (error: PlatformError): string => (error._tag === "SystemError" ? error.reason : error._tag)

/** One key: its name, a space, and 32 bytes in base64. */
const line = /^(?<id>[A-Za-z0-9_-]{1,64}) (?<key>[A-Za-z0-9+/]{43}=)$/

const parseKey = (text: string): Option.Option<MasterKey> =>
  Option.map(Option.fromNullable(line.exec(text)?.groups), ({ id = "", key = "" }) => ({
    id,
    key: Buffer.from(key, "base64")
  }))

const formatKey = ({ id, key }: MasterKey): string => `${id} ${key.toString("base64")}\n`

/** Errors name the line number only: the line itself is a secret. */
const parseKeys = (file: string, content: string): Effect.Effect<MasterKeys, VaultFileRefused> =>
  Effect.gen(function* () {
    const keys: Array<MasterKey> = []
    for (const [index, text] of content.split("\n").entries()) {
      if (text.trim() === "") continue
      const key = yield* Effect.mapError(parseKey(text.trim()), () =>
        refuse(file, `line ${index + 1} is not "<name> <32 bytes in base64>"`)
      )
      if (keys.some(({ id }) => id === key.id)) return yield* refuse(file, `line ${index + 1} repeats a name`)
      keys.push(key)
    }
    return Arr.isNonEmptyReadonlyArray(keys) ? keys : yield* refuse(file, "it holds no key")
  })

/**
 * Creates the file with a first key, readable by its owner only. Of several concurrent processes one wins, and none reads a
 * partial file: the link appears with its whole content.
 */
export const createKeyFile = (file: string): Effect.Effect<void, VaultFileRefused, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    if (yield* fileSystem.exists(file)) return
    const key = newMasterKey()
    const draft = `${file}.${key.id}`
    yield* fileSystem.makeDirectory(dirname(file), { recursive: true, mode: 0o700 })
    yield* Effect.acquireUseRelease(
      fileSystem.writeFileString(draft, formatKey(key), { flag: "wx", mode: 0o600 }),
      () => fileSystem.link(draft, file),
      () => Effect.ignore(fileSystem.remove(draft))
    ).pipe(
      Effect.catchIf(
        (error) => reasonOf(error) === "AlreadyExists",
        () => Effect.void
      )
    )
  }).pipe(
    Effect.catchTags({
      BadArgument: () => refuse(file, "it cannot be created (BadArgument)"),
      SystemError: ({ reason }) => refuse(file, `it cannot be created (${reason})`)
    })
  )

/** Reads the keys from the file on each call, so that all processes use an added key at once. */
export const readKeyFile = (file: string): Effect.Effect<MasterKeys, VaultFileRefused, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const { mode } = yield* fileSystem.stat(file)
    if ((mode & 0o077) !== 0) return yield* refuse(file, "others than its owner may read it; its mode must be 0600")
    return yield* Effect.flatMap(fileSystem.readFileString(file), (content) => parseKeys(file, content))
  }).pipe(
    Effect.catchTags({
      BadArgument: () => refuse(file, "it cannot be read (BadArgument)"),
      SystemError: ({ reason }) => refuse(file, `it cannot be read (${reason})`)
    })
  )
