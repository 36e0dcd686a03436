import type { FileSystem } from "@effect/platform"
import { Clock, Effect, type Redacted, Ref, Schedule, type Scope } from "effect"
import type { VaultUnavailable } from "../../../services/vault/Vault.ts"
import { logIn, lookUp, renew, type VaultLogin } from "./login.ts"
import { delayUntilDue, isDue, isNearMaxTtl, type TokenLease } from "./TokenLease.ts"
import type { VaultClient, VaultStatus } from "./VaultClient.ts"

type Call<A> = (token: Redacted.Redacted) => Effect.Effect<A, VaultStatus | VaultUnavailable>

export interface VaultSession {
  /**
   * Runs a call with a token. A token that Vault no longer accepts is replaced, once. A valid token without permission is not
   * replaced.
   */
  readonly use: <A>(call: Call<A>) => Effect.Effect<A, VaultStatus | VaultUnavailable>
}

/** Delays between attempts to renew the token while Vault is unavailable: doubling from 1 s, at most 30 s. */
const retrySchedule = Schedule.union(Schedule.exponential("1 second"), Schedule.spaced("30 seconds"))

const isForbidden = (error: VaultStatus | VaultUnavailable): boolean =>
  error._tag === "VaultStatus" && (error.status === 401 || error.status === 403)

const makeTokens = Effect.fnUntraced(function* (client: VaultClient, login: VaultLogin) {
  const current = yield* Ref.make<TokenLease | undefined>(undefined)
  const oneAtATime = (yield* Effect.makeSemaphore(1)).withPermits(1)
  const enter = yield* logIn(client, login)

  /** Of several callers with the same expired token, the first replaces it and the others use the new one. */
  const replace = (used: TokenLease | undefined, get: Effect.Effect<TokenLease, VaultUnavailable>) =>
    oneAtATime(
      Effect.flatMap(Ref.get(current), (now) =>
        now !== undefined && now !== used ? Effect.succeed(now) : Effect.tap(get, (grant) => Ref.set(current, grant))
      )
    )

  /** Renews the token, or logs in again if that grants a longer TTL. */
  const renewOrLogin = (grant: TokenLease) => {
    const renewed = renew(client, grant)
    if (login.method === "token") return renewed
    return grant.renewable
      ? renewed.pipe(
          Effect.filterOrElse(
            (next) => !isNearMaxTtl(next),
            () => enter
          ),
          Effect.catchAll(() => enter)
        )
      : enter
  }

  return {
    enter,
    renewOrLogin,
    replace,
    take: Effect.flatMap(Ref.get(current), (grant) =>
      grant === undefined ? replace(undefined, enter) : Effect.succeed(grant)
    )
  }
})

type Tokens = Effect.Effect.Success<ReturnType<typeof makeTokens>>

/** Logs in, and renews or logs in again before the token expires. Retries while Vault is unavailable. */
const keepAlive = ({ renewOrLogin, replace, take }: Tokens) =>
  Effect.gen(function* () {
    const grant = yield* take
    const now = yield* Clock.currentTimeMillis
    yield* isDue(grant, now) ? replace(grant, renewOrLogin(grant)) : Effect.sleep(delayUntilDue(grant, now))
  }).pipe(
    Effect.tapError(({ message }) =>
      Effect.logWarning("The vault's token could not be renewed; retrying", { problem: message })
    ),
    Effect.retry(retrySchedule),
    Effect.forever,
    Effect.withTracerEnabled(false)
  )

/** A token of this login, renewed until the scope closes. */
export const vaultSession = (
  client: VaultClient,
  login: VaultLogin
): Effect.Effect<VaultSession, never, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const tokens = yield* makeTokens(client, login)
    yield* Effect.forkScoped(keepAlive(tokens))

    const isAccepted = (token: Redacted.Redacted) =>
      lookUp(client, token).pipe(
        Effect.as(true),
        Effect.catchIf(isForbidden, () => Effect.succeed(false))
      )
    return {
      use: (call) =>
        Effect.flatMap(tokens.take, (grant) =>
          Effect.catchIf(call(grant.token), isForbidden, (forbidden) =>
            Effect.if(isAccepted(grant.token), {
              onTrue: () => Effect.fail(forbidden),
              onFalse: () => Effect.flatMap(tokens.replace(grant, tokens.enter), ({ token }) => call(token))
            })
          )
        )
    }
  })
