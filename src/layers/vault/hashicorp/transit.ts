import { Effect, Redacted, Schema } from "effect"
import type { VaultUnavailable } from "../../../services/vault/Vault.ts"
import type { VaultClient, VaultStatus } from "./VaultClient.ts"
import type { VaultSession } from "./VaultSession.ts"

const Encrypted = Schema.Struct({ data: Schema.Struct({ ciphertext: Schema.String }) })
const Decrypted = Schema.Struct({ data: Schema.Struct({ plaintext: Schema.Redacted(Schema.StringFromBase64) }) })

type Failure = VaultStatus | VaultUnavailable

/** The engine rejected the request; a proxy may return 400 too. */
export const isRefusal = (error: Failure): boolean =>
  error._tag === "VaultStatus" && error.fromVault && error.status === 400

const base64 = (text: string): string => Buffer.from(text).toString("base64")

const bodyOf = (fields: Readonly<Record<string, string>>, associated: string | undefined) =>
  associated === undefined ? fields : { ...fields, associated_data: base64(associated) }

/** Vault's transit engine, one key per keyring. Without associated data the field is omitted. */
export const transit = (client: VaultClient, session: VaultSession, mount: string) => {
  const encrypt = (keyring: string, plaintext: Redacted.Redacted, associated?: string) =>
    session.use((token) =>
      client.send({
        operation: "encrypt",
        path: `${mount}/encrypt/${keyring}`,
        body: bodyOf({ plaintext: base64(Redacted.value(plaintext)) }, associated),
        token,
        answer: Encrypted
      })
    )
  const createKey = (keyring: string) =>
    session.use((token) =>
      client.send({
        operation: "encrypt",
        path: `${mount}/keys/${keyring}`,
        body: { type: "aes256-gcm96" },
        token,
        answer: Schema.Unknown
      })
    )
  return {
    /**
     * The first encryption of a keyring creates its key, unless the mount forbids that: then this creates it. Creating a key
     * again has no effect.
     */
    encrypt: (keyring: string, plaintext: Redacted.Redacted, associated?: string): Effect.Effect<string, Failure> =>
      Effect.catchIf(
        encrypt(keyring, plaintext, associated),
        (error) => error._tag === "VaultStatus" && error.status === 400,
        () => Effect.zipRight(createKey(keyring), encrypt(keyring, plaintext, associated))
      ).pipe(Effect.map(({ data }) => data.ciphertext)),
    decrypt: (keyring: string, ciphertext: string, associated?: string): Effect.Effect<Redacted.Redacted, Failure> =>
      session
        .use((token) =>
          client.send({
            operation: "decrypt",
            path: `${mount}/decrypt/${keyring}`,
            body: bodyOf({ ciphertext }, associated),
            token,
            answer: Decrypted
          })
        )
        .pipe(Effect.map(({ data }) => data.plaintext)),
    check: session.use((token) =>
      client.send({ operation: "check", path: "auth/token/lookup-self", token, answer: Schema.Unknown })
    )
  }
}

export type Transit = ReturnType<typeof transit>
