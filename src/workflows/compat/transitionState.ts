import { Schema } from "effect"
import { DesiredState } from "../../contract/DesiredState.ts"

/** The scheduled change of a deployment: only a ChangeDesiredState with this nonce may act. */
export interface Transition {
  readonly nonce: string
  readonly to: DesiredState
}

/** The first member is used for writing: the enum's number, as Go writes it. */
const StoredState = Schema.Union(
  Schema.transformLiterals([0, "unspecified"], [1, "running"], [2, "standby"], [3, "archived"]),
  DesiredState.schema
)

/**
 * DeploymentService state `transition`: plain Go JSON, not protojson. Reads `{Nonce, To}` in either case with `To` as number
 * or name; writes the Go shape with a number, so that a Go worker can still take over.
 */
export const TransitionState = Schema.transform(
  Schema.Union(
    Schema.Struct({ Nonce: Schema.String, To: StoredState }),
    Schema.Struct({ nonce: Schema.String, to: StoredState })
  ),
  Schema.Struct({ nonce: Schema.String, to: Schema.typeSchema(DesiredState.schema) }),
  {
    strict: true,
    decode: (state): Transition =>
      "Nonce" in state ? { nonce: state.Nonce, to: state.To } : { nonce: state.nonce, to: state.to },
    encode: ({ nonce, to }) => ({ Nonce: nonce, To: to })
  }
)
