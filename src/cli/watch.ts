import process from "node:process"
import { Console, Duration, Effect, Ref } from "effect"

const interval = Duration.seconds(2)

/** Moves the cursor to the top left corner and clears what is below. */
const redraw = "\u001b[H\u001b[2J"

/** What a watch shows. */
export interface Frame {
  readonly lines: ReadonlyArray<string>
  /** The same lines without what changes with the time alone. */
  readonly timeless: ReadonlyArray<string>
}

/** The lines that are new, or have changed in more than the time. */
export const changedLines = (before: Frame | undefined, { lines, timeless }: Frame): ReadonlyArray<string> => {
  const known = new Set(before?.timeless)
  return lines.filter((_, index) => !known.has(timeless[index] ?? ""))
}

const print = (lines: ReadonlyArray<string>) => Effect.forEach(lines, (line) => Console.log(line), { discard: true })

export const printFrame = ({ lines }: Frame): Effect.Effect<void> => print(lines)

/**
 * Reads and shows every two seconds until it is interrupted or a read fails. A terminal is redrawn unless `redraws` is
 * false; elsewhere the lines that have changed are printed.
 */
export const watching = <E, R>(
  read: Effect.Effect<Frame, E, R>,
  { redraws = true, isTerminal = process.stdout.isTTY === true } = {}
): Effect.Effect<never, E, R> =>
  Effect.gen(function* () {
    const shown = yield* Ref.make<Frame | undefined>(undefined)
    const show = Effect.gen(function* () {
      const frame = yield* read
      const before = yield* Ref.getAndSet(shown, frame)
      if (redraws && isTerminal) return yield* Console.log(`${redraw}${frame.lines.join("\n")}`)
      yield* print(changedLines(before, frame))
    })
    return yield* Effect.forever(Effect.zipRight(show, Effect.sleep(interval)))
  })
