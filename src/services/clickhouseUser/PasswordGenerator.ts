import { Context, type Effect, type Redacted } from "effect"

/** Generates random passwords. A service, so that tests can replay the same password. */
export class PasswordGenerator extends Context.Tag("ctrl-worker/PasswordGenerator")<
  PasswordGenerator,
  { readonly generate: Effect.Effect<Redacted.Redacted> }
>() {}
