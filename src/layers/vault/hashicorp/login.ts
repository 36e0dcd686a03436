import { FileSystem } from "@effect/platform"
import { Clock, Duration, Effect, Redacted, Schema } from "effect"
import { VaultUnavailable } from "../../../services/vault/Vault.ts"
import { unavailableBy } from "../answers.ts"
import type { TokenLease } from "./TokenLease.ts"
import type { VaultClient, VaultStatus } from "./VaultClient.ts"

/** How this worker authenticates. A mount is the auth method's path below `auth/`. */
export type VaultLogin =
  | { readonly method: "token"; readonly token: Redacted.Redacted }
  | {
      readonly method: "approle"
      readonly mount: string
      readonly roleId: string
      readonly secretId: Redacted.Redacted
    }
  | { readonly method: "kubernetes"; readonly mount: string; readonly role: string; readonly tokenFile: string }

const Auth = Schema.Struct({
  auth: Schema.Struct({
    client_token: Schema.Redacted(Schema.String),
    lease_duration: Schema.Number,
    renewable: Schema.Boolean
  })
})
const Self = Schema.Struct({ data: Schema.Struct({ ttl: Schema.Number, renewable: Schema.Boolean }) })

/** Vault uses seconds. */
const grantOf = (token: Redacted.Redacted, seconds: number, renewable: boolean, lifetime = seconds * 1_000) =>
  Effect.map(
    Clock.currentTimeMillis,
    (since): TokenLease => ({ token, renewable, ttl: seconds * 1_000, since, lifetime })
  )

/** A login fails with 400 for a wrong role or secret, and with 404 if the method is not mounted. */
const refused = (error: VaultStatus | VaultUnavailable): VaultUnavailable => {
  if (error._tag === "VaultUnavailable") return error
  const { status } = error
  return status === 400 || status === 404
    ? new VaultUnavailable({ operation: "login", reason: "denied", status })
    : unavailableBy("login", status)
}

export const lookUp = (client: VaultClient, token: Redacted.Redacted) =>
  client
    .send({ operation: "login", path: "auth/token/lookup-self", token, answer: Self })
    .pipe(Effect.flatMap(({ data }) => grantOf(token, data.ttl, data.renewable)))

/** Renews the lease of the token, as long as Vault allows. */
export const renew = (
  client: VaultClient,
  { lifetime, token }: TokenLease
): Effect.Effect<TokenLease, VaultUnavailable> =>
  client.send({ operation: "login", path: "auth/token/renew-self", body: {}, token, answer: Auth }).pipe(
    Effect.flatMap(({ auth }) => grantOf(token, auth.lease_duration, auth.renewable, lifetime)),
    Effect.mapError(refused)
  )

const loginAt = (client: VaultClient, mount: string, body: Readonly<Record<string, string>>) =>
  client
    .send({ operation: "login", path: `auth/${mount}/login`, body, answer: Auth })
    .pipe(Effect.flatMap(({ auth }) => grantOf(auth.client_token, auth.lease_duration, auth.renewable)))

/** A configured token cannot be replaced. One that expires anyway is used until then: an operator has to replace it. */
const useConfiguredToken = (client: VaultClient, token: Redacted.Redacted) =>
  Effect.flatMap(lookUp(client, token), (grant) =>
    grant.ttl === 0 || grant.renewable
      ? Effect.succeed(grant)
      : Effect.as(Effect.logWarning("The vault's token cannot be renewed", { ends_in: Duration.format(grant.ttl) }), {
          ...grant,
          ttl: 0
        })
  )

/** Read at each login: Kubernetes rotates the file within the hour. */
const serviceAccountToken = (fileSystem: FileSystem.FileSystem, file: string) =>
  fileSystem.readFileString(file).pipe(
    Effect.tapError(({ message }) =>
      Effect.logError("The service account's token cannot be read", { problem: message })
    ),
    Effect.mapBoth({
      onSuccess: (jwt) => jwt.trim(),
      onFailure: () => new VaultUnavailable({ operation: "login", reason: "denied" })
    })
  )

const loginWith = (client: VaultClient, login: VaultLogin, fileSystem: FileSystem.FileSystem) => {
  switch (login.method) {
    case "token":
      return useConfiguredToken(client, login.token)
    case "approle":
      return loginAt(client, login.mount, { role_id: login.roleId, secret_id: Redacted.value(login.secretId) })
    case "kubernetes":
      return Effect.flatMap(serviceAccountToken(fileSystem, login.tokenFile), (jwt) =>
        loginAt(client, login.mount, { role: login.role, jwt })
      )
  }
}

/** One login: a token and its TTL. Safe to repeat. */
export const logIn = (
  client: VaultClient,
  login: VaultLogin
): Effect.Effect<Effect.Effect<TokenLease, VaultUnavailable>, never, FileSystem.FileSystem> =>
  Effect.map(FileSystem.FileSystem, (fileSystem) => Effect.mapError(loginWith(client, login, fileSystem), refused))
