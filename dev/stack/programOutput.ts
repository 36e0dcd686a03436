import { execFile } from "node:child_process"
import { Effect } from "effect"
import { ComponentFailed } from "./StackFailure.ts"

/** What a program prints, or the reason of its failure with the last lines of its output. */
export const programOutput = (
  component: string,
  program: string,
  args: ReadonlyArray<string>
): Effect.Effect<string, ComponentFailed> =>
  Effect.async((resume, signal) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024, signal }, (error, written, complaints) =>
      resume(
        error === null
          ? Effect.succeed(written)
          : Effect.fail(
              new ComponentFailed({
                component,
                reason: "refused",
                detail: args.join(" "),
                lastLines: `${written}\n${complaints}`.trimEnd().split("\n").slice(-20)
              })
            )
      )
    )
  })
