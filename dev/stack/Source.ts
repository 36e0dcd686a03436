import { Effect, Option } from "effect"
import type { ComponentMissing } from "./StackFailure.ts"

/** Facts about this machine that decide where a component comes from. */
export interface Facts<Address, Program> {
  readonly environment: Option.Option<Address>
  readonly program: Option.Option<Program>
  readonly docker: boolean
  readonly apt: boolean
}

/** The source of a component. */
export type Source<Address, Program> =
  | { readonly _tag: "Environment"; readonly address: Address }
  | { readonly _tag: "Program"; readonly program: Program }
  | { readonly _tag: "Docker" }
  | { readonly _tag: "Apt" }
  | { readonly _tag: "Missing" }

/** Order of preference: named by the user, installed, downloadable without changing the machine, installable. */
export const chooseSource = <Address, Program>(facts: Facts<Address, Program>): Source<Address, Program> => {
  if (Option.isSome(facts.environment)) return { _tag: "Environment", address: facts.environment.value }
  if (Option.isSome(facts.program)) return { _tag: "Program", program: facts.program.value }
  if (facts.docker) return { _tag: "Docker" }
  if (facts.apt) return { _tag: "Apt" }
  return { _tag: "Missing" }
}

/** The program of a component: named, installed, or from apt. */
export const programOf = <Program, E>(
  source: Source<Program, Program>,
  broughtByApt: Effect.Effect<Program, E>,
  missing: ComponentMissing
): Effect.Effect<Program, E | ComponentMissing> => {
  switch (source._tag) {
    case "Environment":
      return Effect.succeed(source.address)
    case "Program":
      return Effect.succeed(source.program)
    case "Apt":
      return broughtByApt
    default:
      return Effect.fail(missing)
  }
}
