import { Clock, Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { call } from "effect-restate"
import { CertificateService } from "../../../contract/CertificateService.ts"
import { Acme, type AcmeAccount, type AcmeError } from "../../../services/certificate/Acme.ts"
import { type AcmeAccountRow, acmeWorkspace, CertificateStore } from "../../../services/certificate/CertificateStore.ts"
import { Pki } from "../../../services/certificate/Pki.ts"
import { acmeAccountKey, type Purpose } from "../../../services/vault/Purpose.ts"
import { Vault } from "../../../services/vault/Vault.ts"
import { databaseStep } from "../../databaseStep.ts"
import { IssuanceBlocked, type Problem, problem, problemFromAcme } from "../problems.ts"

/** Key of the object that creates the account: one per installation. */
const accountObject = "acme"
/** The same in every worker of every version, so that the table's unique key allows one account. */
const accountId = "acme_oMkAH0dt"

const unknownAccount: Problem = { ...problem("unavailable", "no account is registered"), type: "accountDoesNotExist" }

/**
 * Decrypts a stored key. A refusal means another vault than the one that encrypted it, which an operator has to
 * correct.
 */
export const decryptKey = (keyring: string, ciphertext: string, purpose: Purpose) =>
  Effect.flatMap(Vault, (vault) => vault.decrypt(keyring, ciphertext, purpose)).pipe(
    Effect.catchTag(
      "DecryptionRefused",
      (refused) => new IssuanceBlocked({ problem: problem("keyUnreadable", refused.message) })
    )
  )

const isAcmeError = (error: { readonly _tag: string }): error is AcmeError =>
  error._tag === "AcmeProblem" || error._tag === "AcmeUnavailable"

/**
 * Runs an ACME request with our account. Errors of the CA become `IssuanceBlocked`; the account's key never leaves this
 * effect.
 */
export const withAcmeAccount = <A, E extends { readonly _tag: string }, R>(
  ask: (acme: Acme["Type"], account: AcmeAccount) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const acme = yield* Acme
    const row = Option.getOrUndefined(yield* (yield* CertificateStore).account)
    if (row === undefined || row.registrationUri === null)
      return yield* new IssuanceBlocked({ problem: unknownAccount })
    const key = yield* decryptKey(acmeWorkspace, row.encryptedKey, acmeAccountKey(row.id))
    return yield* ask(acme, { key, url: row.registrationUri }).pipe(
      Effect.mapError((error: E): Exclude<E, AcmeError> | IssuanceBlocked =>
        // Errors that are not the CA's pass through.
        isAcmeError(error) ? new IssuanceBlocked({ problem: problemFromAcme(error) }) : (error as Exclude<E, AcmeError>)
      )
    )
  })

/** URL of the registered account; empty when there is none. */
const accountUrl = databaseStep(
  "load-account",
  Effect.flatMap(CertificateStore, (store) =>
    Effect.map(store.account, (row) =>
      Option.match(row, { onNone: () => "", onSome: (found) => found.registrationUri ?? "" })
    )
  ),
  { output: Schema.String }
)

const callEnsureAccount = (rejectedUrl: string) =>
  Effect.gen(function* () {
    const { problem: met } = yield* call(CertificateService, accountObject, "EnsureAccount", { rejectedUrl })
    if (met === undefined) return
    return yield* new IssuanceBlocked({ problem: { ...met, subproblems: [], retryAfter: met.retryAfter ?? null } })
  })

/** Succeeds once there is an account that the CA has accepted. */
export const ensureAccount = Effect.flatMap(accountUrl, (url) => (url === "" ? callEnsureAccount("") : Effect.void))

/** Registers the stored key again, because the CA does not know the account. */
export const registerAgain = Effect.flatMap(accountUrl, callEnsureAccount)

const addAccount = Effect.gen(function* () {
  const at = yield* Clock.currentTimeMillis
  const store = yield* CertificateStore
  const vault = yield* Vault
  const { generateAccountKey } = yield* Pki
  const add = Effect.gen(function* () {
    const encryptedKey = yield* vault.encrypt(acmeWorkspace, yield* generateAccountKey, acmeAccountKey(accountId))
    const row = yield* store.addAccount({ id: accountId, encryptedKey, at })
    return { url: row.registrationUri ?? "" }
  })
  return yield* databaseStep("create-account-key", add, { output: Schema.Struct({ url: Schema.String }) })
})

/** Idempotent: the CA returns the existing account's URL for a known key (RFC 8555, section 7.3.1). */
const register = (row: AcmeAccountRow) =>
  Effect.gen(function* () {
    const key = yield* decryptKey(acmeWorkspace, row.encryptedKey, acmeAccountKey(row.id))
    const uri = yield* (yield* Acme)
      .register(key)
      .pipe(Effect.mapError((error) => new IssuanceBlocked({ problem: problemFromAcme(error) })))
    yield* (yield* CertificateStore).setRegistration({ id: row.id, uri, at: yield* Clock.currentTimeMillis })
  })

const registerStored = Effect.gen(function* () {
  const row = Option.getOrUndefined(yield* (yield* CertificateStore).account)
  if (row === undefined) return yield* new IssuanceBlocked({ problem: unknownAccount })
  return yield* register(row)
})

/**
 * Key `acme`, so calls are serial: the first creates the account, later ones find it. A refusal or an unreachable CA is
 * returned as a problem and not retried here, which bounds the time that callers wait for this object.
 */
export const handleEnsureAccount = ({ rejectedUrl }: Input<typeof CertificateService, "EnsureAccount">) =>
  Effect.gen(function* () {
    const known = yield* accountUrl
    const url = known === "" ? (yield* addAccount).url : known
    if (url !== "" && url !== rejectedUrl) return {}
    yield* databaseStep("register-account", registerStored, { error: IssuanceBlocked })
    return {}
  }).pipe(
    Effect.catchTag("Hindered", ({ problem: met }) => {
      const { detail, retryAfter, status, type } = met
      return Effect.succeed({ problem: { type, status, detail, ...(retryAfter === null ? {} : { retryAfter }) } })
    })
  )
