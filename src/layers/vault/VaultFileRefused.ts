import { Schema } from "effect"

/** A file that a vault cannot do without is not there or not as it must be. `problem` quotes nothing of its content. */
export class VaultFileRefused extends Schema.TaggedError<VaultFileRefused>()("VaultFileRefused", {
  setting: Schema.String,
  file: Schema.String,
  problem: Schema.String
}) {
  readonly class = "needs-person" as const

  override get message(): string {
    return `cannot use the file ${this.file} of ${this.setting}: ${this.problem}`
  }
}
