import { Clock, Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { implement, key, step } from "effect-restate"
import { ClickhouseUserService } from "../../contract/ClickhouseUserService.ts"
import { CredentialsUnreadable, InvalidRequest, NotFound } from "../../contract/errors.ts"
import {
  ClickhouseSettingsStore,
  type LimitsChange,
  StoredLogin
} from "../../services/clickhouseUser/ClickhouseSettingsStore.ts"
import { ClickhouseUsers } from "../../services/clickhouseUser/ClickhouseUsers.ts"
import { PasswordGenerator } from "../../services/clickhouseUser/PasswordGenerator.ts"
import { clickhousePassword } from "../../services/vault/Purpose.ts"
import { Vault } from "../../services/vault/Vault.ts"
import { databaseStep } from "../databaseStep.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { type DesiredUser, isIdentifier, limitsOf, planUser } from "./planUser.ts"

type ConfigureInput = Input<typeof ClickhouseUserService, "ConfigureUser">

const checkedIdentifier = (field: string, text: string) =>
  isIdentifier(text)
    ? Effect.succeed(text)
    : Effect.fail(new InvalidRequest({ field, problem: "may hold letters, digits and underscores only" }))

/** Checked first: a workspace without a quota row gets no login. */
const loadRetention = (workspaceId: string) =>
  Effect.gen(function* () {
    const store = yield* ClickhouseSettingsStore
    const retention = Effect.flatMap(
      store.retentionDays(workspaceId),
      Option.match({
        onNone: () => Effect.fail(new NotFound({ resource: "quota", id: workspaceId })),
        onSome: Effect.succeed
      })
    )
    return yield* databaseStep("load-retention", retention, { output: Schema.Number, error: NotFound })
  })

/**
 * Generates, encrypts and stores a password in one step, so that it exists outside of the step only as ciphertext and
 * is never used unless it was stored. Keeps an existing login.
 */
const storeLogin = (change: LimitsChange) =>
  Effect.gen(function* () {
    const store = yield* ClickhouseSettingsStore
    const vault = yield* Vault
    const passwords = yield* PasswordGenerator
    const newLogin = Effect.gen(function* () {
      const password = yield* passwords.generate
      const passwordEncrypted = yield* vault.encrypt(
        change.workspaceId,
        password,
        clickhousePassword(change.workspaceId)
      )
      return yield* store.create({ ...change, username: change.workspaceId, passwordEncrypted })
    })
    const login = Effect.flatMap(
      store.updateLimits(change),
      Option.match({ onNone: () => newLogin, onSome: Effect.succeed })
    )
    return yield* databaseStep("store-login", login, { output: StoredLogin })
  })

/** Applies every operation, also to an existing user, so that ClickHouse and the stored password agree. */
const provision = (wish: DesiredUser, passwordEncrypted: string) =>
  Effect.gen(function* () {
    const users = yield* ClickhouseUsers
    const vault = yield* Vault
    const { workspaceId } = wish
    const applied = Effect.gen(function* () {
      const password = yield* vault.decrypt(workspaceId, passwordEncrypted, clickhousePassword(workspaceId))
      yield* Effect.forEach(planUser(wish), (operation) => users.apply(operation, password), { discard: true })
    })
    const unreadable = () => new CredentialsUnreadable({ workspaceId })
    yield* step("provision-user", Effect.catchTag(applied, "DecryptionRefused", unreadable), {
      error: CredentialsUnreadable
    })
  })

const configureUser = (input: ConfigureInput) =>
  Effect.gen(function* () {
    const workspaceId = yield* Effect.flatMap(key, (given) => checkedIdentifier("workspaceId", given))
    const at = yield* Clock.currentTimeMillis
    const limits = limitsOf(input)
    const retentionDays = yield* loadRetention(workspaceId)
    const { username, passwordEncrypted } = yield* storeLogin({ workspaceId, limits, at })
    const user = yield* checkedIdentifier("username", username)
    yield* provision({ workspaceId, user, limits, retentionDays }, passwordEncrypted)
    return {}
  })

/**
 * Key: workspace. One configuration of a workspace at a time, so that stored limits and ClickHouse are changed in the
 * same order.
 */
export const ClickhouseUserWorkflows = implement(
  ClickhouseUserService,
  { ConfigureUser: configureUser },
  { retry: pauseAfterRetries, attributes: requestAttributes("workspace_id") }
)
