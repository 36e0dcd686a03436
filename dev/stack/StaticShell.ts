import { readFile } from "node:fs/promises"
import { Effect, Option } from "effect"
import { installPackages } from "./Apt.ts"
import { findProgram } from "./Machine.ts"

/** A statically linked shell, for images without a base image, which would have to be downloaded. */
export const staticShell = Effect.gen(function* () {
  const installed = yield* findProgram("busybox")
  if (Option.isNone(installed)) yield* installPackages(["busybox-static"])
  const path = Option.getOrElse(yield* findProgram("busybox"), () => "/bin/busybox")
  return yield* Effect.promise(() => readFile(path))
})
