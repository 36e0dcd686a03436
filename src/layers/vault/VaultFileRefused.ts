import { Schema } from "effect"

/** A required file of a vault is missing or invalid. `problem` quotes nothing of its content. */
export class VaultFileRefused extends Schema.TaggedError<VaultFileRefused>()("VaultFileRefused", {
  setting: Schema.String,
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `cannot use the file ${this.file} of ${this.setting}: ${this.problem}`
  }
}
