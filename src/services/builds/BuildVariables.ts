import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { DbFailure } from "../Db.ts"
import type { DecryptionRefused, VaultUnavailable } from "../vault/Vault.ts"

/** The decrypted environment variables of a deployment, for its build. */
export interface EnvironmentVariables {
  /** By name. Values are well-formed Unicode without NUL. */
  readonly values: ReadonlyMap<string, Redacted.Redacted>
  /**
   * Changes whenever a name or ciphertext changes. A digest of ciphertexts, which differ for each encryption, so it reveals
   * nothing about the values.
   */
  readonly version: string
}

/** Not retryable: these variables cannot be passed to a build until their writer changes them. `problem` quotes no value. */
export class VariablesRefused extends Schema.TaggedError<VariablesRefused>()("VariablesRefused", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/** The environment variables that a build may read. Decrypted for each build and not stored. Safe to repeat. */
export class BuildVariables extends Context.Tag("ctrl-worker/BuildVariables")<
  BuildVariables,
  {
    /** None if builds get no variables, or the deployment does not exist. */
    readonly forDeployment: (
      deploymentId: string
    ) => Effect.Effect<
      Option.Option<EnvironmentVariables>,
      DbFailure | DecryptionRefused | VariablesRefused | VaultUnavailable
    >
  }
>() {}
