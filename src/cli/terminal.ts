import process from "node:process"
import { stripVTControlCharacters, styleText } from "node:util"
import { Console, Effect } from "effect"

export type Style = "bold" | "dim" | "green" | "yellow" | "red"

/** Colour on a terminal, plain text in a file or a pipe; NO_COLOR and FORCE_COLOR are honoured. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })

/** Plain text, for files and pipes. */
export const unpainted = (_style: Style, text: string): string => text

const isColoured = (stream: NodeJS.WriteStream): boolean => styleText("bold", "x", { stream }) !== "x"

const plain = (value: unknown): unknown =>
  typeof value === "string" ? stripVTControlCharacters(value).trimEnd() : value

/** @effect/cli colours its help always; this removes colours where `colorIfTty` does. */
export const colorIfTty = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Console.consoleWith((console) =>
    Effect.withConsole(effect, {
      ...console,
      log: (...values) => console.log(...(isColoured(process.stdout) ? values : values.map(plain))),
      error: (...values) => console.error(...(isColoured(process.stderr) ? values : values.map(plain)))
    })
  )
