import { Clock, Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { call } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import { Acme, type AcmeAccount, type AcmeError } from "../../services/Acme.ts"
import { type AcmeAccountRow, acmeWorkspace, CertificateStore } from "../../services/CertificateStore.ts"
import { Pki } from "../../services/Pki.ts"
import { acmeAccountKey, type Purpose } from "../../services/Purpose.ts"
import { Vault } from "../../services/Vault.ts"
import { databaseStep } from "../databaseStep.ts"
import { IssuanceBlocked, type Problem, problem, problemFromAcme } from "./problems.ts"

/** The object that makes the account: one for the whole installation. */
const accountObject = "acme"
/** The same in every worker of every version, so that the table takes it once. */
const accountId = "acme_oMkAH0dt"

const unknownAccount: Problem = { ...problem("unavailable", "no account is registered"), type: "accountDoesNotExist" }

/** Decrypts what only we can have encrypted; another vault than the one it came from is for a person to find. */
export const decryptKey = (keyring: string, ciphertext: string, purpose: Purpose) =>
  Effect.flatMap(Vault, (vault) => vault.decrypt(keyring, ciphertext, purpose)).pipe(
    Effect.catchTag(
      "DecryptionRefused",
      (refused) => new IssuanceBlocked({ problem: problem("keyUnreadable", refused.message) })
    )
  )

const isAcmeError = (error: { readonly _tag: string }): error is AcmeError =>
  error._tag === "AcmeProblem" || error._tag === "AcmeUnavailable"

/** Asks the CA as our account. Whatever it refuses is `Hindered`; the account's key never leaves this effect. */
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
        // What is no error of the CA passes as it is.
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

/** The CA does not know the account that stands there: registers its key again. */
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

/** The CA answers the same URL for the same key, so a repeated registration changes nothing. */
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
 * Serialised by the key `acme`: whoever comes first makes the account, the others find it. A CA that refuses or is away is
 * an answer, so that nobody waits for this object longer than one request takes.
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
