import { Context, type Effect, type Redacted } from "effect"

/** Passwords nobody can guess. A tag, because a story that is told twice must be able to get the same one twice. */
export class PasswordGenerator extends Context.Tag("ctrl-worker/PasswordGenerator")<
  PasswordGenerator,
  { readonly generate: Effect.Effect<Redacted.Redacted> }
>() {}
