import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { DbFailure } from "./Db.ts"
import type { DecryptionRefused, VaultUnavailable } from "./Vault.ts"

/** The environment variables of a deployment, for its build to read. */
export interface Variables {
  /** By name. Values hold no NUL and are well-formed text. */
  readonly values: ReadonlyMap<string, Redacted.Redacted>
  /**
   * Another one whenever a value or a name is another one, and the same until one is written. It is a digest of
   * ciphertexts, which are never the same for two encryptions: it tells nothing about a value, also not to a guess.
   */
  readonly version: string
}

/** Refuse: no build can be given these variables, until their writer has changed them. `problem` quotes no value. */
export class VariablesRefused extends Schema.TaggedError<VariablesRefused>()("VariablesRefused", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/**
 * What a build may read of its deployment's environment variables. Decrypted for each build and kept nowhere. Safe to
 * repeat.
 */
export class BuildVariables extends Context.Tag("ctrl-worker/BuildVariables")<
  BuildVariables,
  {
    /** None: builds are given no variables, or there is no such deployment. */
    readonly of: (
      deploymentId: string
    ) => Effect.Effect<Option.Option<Variables>, DbFailure | DecryptionRefused | VariablesRefused | VaultUnavailable>
  }
>() {}
